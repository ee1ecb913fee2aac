using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using OrleansInference.Grains.Features;
using OrleansInference.Grains.PostProcessing.Outbox;
using OrleansInference.Silo;
using UnitTests.Architecture;
using UnitTests.Fakes;

namespace UnitTests.Docs;

/// <summary><c>docs/appsettings.example.json</c>, as a silo reads it.</summary>
public sealed class ExampleSettingsTests : IDisposable
{
    private readonly TestDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Example_ReadByASilo_IsValidAndHasEachKindOfSource()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddJsonFile(SourceTree.File("docs", "appsettings.example.json"));
        builder.Configuration.AddInMemoryCollection([new("Inference:DataDirectory", _directory.Path), new("Inference:ModelRepository:Path", _directory.Path)]);
        _directory.Write("scores/terminal_category.csv", "terminal_id,category\n3156,food\n");
        builder.AddInferenceSilo(DataDirectoryLock.Acquire(_directory.Path));
        using var host = builder.Build();

        host.Services.GetRequiredService<IStartupValidator>().Validate();

        var sources = host.Services.GetRequiredService<FeatureSources>();
        Assert.All(["customers", "spending", "terminal_risk", "terminal_category"], name => Assert.NotNull(sources.Find(name)));
        Assert.NotNull(sources.FindTransform("spending_ratio"));
        Assert.True(host.Services.GetRequiredService<WebhookTargets>().Contains("fraud-desk"));
    }
}

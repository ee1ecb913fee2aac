using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using OrleansInference.Storage.Azure.Models;

namespace UnitTests.Storage.Azure;

/// <summary>A container that cannot be meant is told with setting, value and remedy.</summary>
public sealed class BlobRepositoryOptionsTests
{
    private const string Account = "ConnectionString=UseDevelopmentStorage=true";

    [Theory]
    [InlineData("Inference:ModelRepository:Blob:Container is ''.", "must name the container", Account)]
    [InlineData("Inference:ModelRepository:Blob:Container is 'My_Models'.", "lower-case", Account, "Container=My_Models")]
    [InlineData("Inference:ModelRepository:Blob:ConnectionString and Inference:ModelRepository:Blob:ServiceUri are both missing.", "Set one", "Container=models")]
    [InlineData("Inference:ModelRepository:Blob:AttemptTimeout is '00:00:00'.", "between 00:00:00.1000000 and 00:10:00", Account, "Container=models", "AttemptTimeout=00:00:00")]
    public void Validate_Broken_NamesSettingValueAndRemedy(string told, string remedy, params string[] settings)
    {
        var fault = Assert.Throws<OptionsValidationException>(() => Read(settings));

        Assert.Contains(told, fault.Message, StringComparison.Ordinal);
        Assert.Contains(remedy, fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("/", "")]
    [InlineData("production/models", "production/models/")]
    [InlineData("/production/models/", "production/models/")]
    public void NamePrefix_AnySlashes_EndsTheFolder(string prefix, string expected) =>
        Assert.Equal(expected, Read([Account, "Container=models", $"Prefix={prefix}"]).NamePrefix);

    private static BlobRepositoryOptions Read(string[] settings)
    {
        var configuration = new ConfigurationBuilder().AddCommandLine([.. settings.Select(setting => $"--{BlobRepositoryOptions.Section}:{setting}")]).Build();
        using var services = new ServiceCollection().AddBlobModels(configuration).BuildServiceProvider();
        return services.GetRequiredService<IOptions<BlobRepositoryOptions>>().Value;
    }
}

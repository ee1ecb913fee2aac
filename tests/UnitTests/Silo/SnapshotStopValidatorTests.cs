using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using OrleansInference.Grains.Users;
using OrleansInference.Silo;
using UnitTests.Fakes;

namespace UnitTests.Silo;

/// <summary>The time for snapshots lies within that of the shutdown.</summary>
public sealed class SnapshotStopValidatorTests
{
    [Theory]
    [InlineData(30)]
    [InlineData(31)]
    public void Validate_StopTimeoutNotLessThanTheShutdowns_NamesBothAndTheRemedy(int seconds)
    {
        var result = new SnapshotStopValidator(new ShutdownOptions()).Validate(name: null, new SnapshotOptions { StopTimeout = TimeSpan.FromSeconds(seconds) });

        Assert.Equal(
            $"Inference:Snapshots:StopTimeout is 00:00:{seconds}, which is not less than Inference:Shutdown:Timeout = 00:00:30: the silo would be ended before its users have left. Lower the one, or raise the other.",
            Assert.Single(result.Failures!));
    }

    [Theory]
    [InlineData("00:00:30", null, 10)]
    [InlineData("00:00:03", null, 1)]
    [InlineData("00:00:03", "00:00:02", 2)]
    public void StopTimeout_IsAThirdOfTheShutdownsWhereNothingIsSaidOfIt(string shutdown, string? said, int seconds)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection([new("Inference:Shutdown:Timeout", shutdown), .. said is null ? [] : new KeyValuePair<string, string?>[] { new("Inference:Snapshots:StopTimeout", said) }]);
        using var directory = new TestDirectory();
        builder.AddInferenceSilo(DataDirectoryLock.Acquire(directory.Path));
        using var host = builder.Build();

        Assert.Equal(TimeSpan.FromSeconds(seconds), host.Services.GetRequiredService<IOptions<SnapshotOptions>>().Value.StopTimeout);
    }
}

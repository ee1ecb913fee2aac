using OrleansInference.Grains.Users;
using OrleansInference.Silo;

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

    [Fact]
    public void Validate_Defaults_AreAccepted() => Assert.True(new SnapshotStopValidator(new ShutdownOptions()).Validate(name: null, new SnapshotOptions()).Succeeded);
}

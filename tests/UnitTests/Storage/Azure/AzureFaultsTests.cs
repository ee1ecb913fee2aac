using Azure;
using OrleansInference.Storage.Azure;

namespace UnitTests.Storage.Azure;

/// <summary>Failures in few words, without the answers that the libraries' messages repeat.</summary>
public sealed class AzureFaultsTests
{
    public static TheoryData<Exception, string> Failures => new()
    {
        { new RequestFailedException(403, "Server failed to authenticate\nContent: the MAC signature abc", "AuthenticationFailed", null), "it answers HTTP 403 AuthenticationFailed" },
        { new RequestFailedException(500, "?"), "it answers HTTP 500" },
        { new AggregateException("Retry failed after 3 tries", new RequestFailedException(0, "Connection refused (127.0.0.1:1)", new HttpRequestException("Connection refused (127.0.0.1:1)."))), "Connection refused (127.0.0.1:1)" },
        { new TaskCanceledException(), "it does not answer in time" },
        { new AggregateException("Retry failed", new TaskCanceledException()), "it does not answer in time" },
    };

    [Theory, MemberData(nameof(Failures), DisableDiscoveryEnumeration = true)]
    public void Describe_Failure_IsShort(Exception failure, string described) => Assert.Equal(described, AzureFaults.Describe(failure));
}

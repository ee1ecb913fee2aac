using System.Globalization;
using Azure;
using Azure.Identity;

namespace OrleansInference.Storage.Azure;

/// <summary>Failures of Azure in few words. The libraries' own messages repeat whole answers, which may tell of signatures.</summary>
internal static class AzureFaults
{
    public static string Describe(Exception exception) => exception switch
    {
        RequestFailedException { Status: 0 } or AggregateException or HttpRequestException { InnerException: not null } =>
            exception.InnerException is { } inner ? Describe(inner) : FirstLine(exception),
        RequestFailedException failed => string.Create(CultureInfo.InvariantCulture, $"it answers HTTP {failed.Status} {failed.ErrorCode}").TrimEnd(),
        OperationCanceledException or TimeoutException => "it does not answer in time",
        AuthenticationFailedException => $"no identity could sign in: {FirstLine(exception)}",
        _ => FirstLine(exception),
    };

    private static string FirstLine(Exception exception) => exception.Message.Split('\n')[0].Trim().TrimEnd('.');
}

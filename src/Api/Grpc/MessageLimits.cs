using Microsoft.Extensions.Options;
using OrleansInference.Api.OpenInference;

namespace OrleansInference.Api.Grpc;

/// <summary>What a caller is told of a message that is too large: tensors have a setting, everything else is as large as over REST.</summary>
internal sealed class MessageLimits(IOptions<OpenInferenceOptions> tensors)
{
    /// <param name="method">The method, as <c>/service/method</c>.</param>
    public string Explain(string method)
    {
        var service = method.Split('/')[1];
        return service is GrpcApiExtensions.OpenInferenceService
            ? $"The message is larger than {OpenInferenceOptions.MaxBodySetting} = {tensors.Value.MaxBodyBytes} bytes. Send fewer rows, or raise the setting."
            : $"The message is larger than {ApiHost.MaxBodyBytes} bytes, the most that one of {service} may have. Send fewer or shorter fields.";
    }
}

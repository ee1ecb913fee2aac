using System.ComponentModel.DataAnnotations;
using System.Net;

namespace OrleansInference.Api.Grpc;

/// <summary>The gRPC side of the API. Section <c>Inference:Grpc</c>.</summary>
internal sealed class GrpcOptions
{
    public const string Section = "Inference:Grpc";
    public const string PortSetting = $"{Section}:{nameof(Port)}";
    public const int Off = -1;

    /// <summary>
    /// The port of gRPC, clear-text HTTP/2, on the addresses of --urls. Default: 8081. 0: a free one, which the start prints. -1: no gRPC.
    /// </summary>
    [Range(Off, IPEndPoint.MaxPort, ErrorMessage = $"{PortSetting} must be 1 to 65535, 0 for a free port, or -1 for no gRPC.")]
    public int Port { get; set; } = 8081;

    /// <summary>Predictions of one PredictBatch stream, or requests of one ModelStreamInfer, that are under way at the same time; further ones wait unread. Default: 64. Range: 1 to 4096.</summary>
    [Range(1, 4096, ErrorMessage = $"{Section}:{nameof(MaxConcurrencyPerStream)} must be between {{1}} and {{2}}.")]
    public int MaxConcurrencyPerStream { get; set; } = 64;
}

using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using OrleansInference.Api.Grpc.Predictions.Wire;

namespace OrleansInference.Api.Grpc;

/// <summary>How a failure is told over gRPC: the status of <see cref="ErrorMapping"/>, with the particulars in trailers.</summary>
internal static class GrpcErrors
{
    /// <summary>The trailer with a <see cref="Fault"/>: the code, and every faulty field of an invalid request.</summary>
    public const string FaultTrailer = "orleansinference-fault-bin";

    /// <summary>The trailer with whole seconds to wait, as the header of HTTP has them.</summary>
    public const string RetryAfterTrailer = "retry-after";

    // Clients take 8 KiB of metadata at the least. Base64 makes four bytes of three.
    private const int MaxDetailLength = 1024;
    private const int MaxFaultBytes = 3 * 1024;

    public static RpcException ToRpcException(InferenceException exception) => new(ToStatus(exception), ToTrailers(exception));

    public static Status ToStatus(InferenceException exception) => new(ErrorMapping.ToGrpc(exception.Code), Cut(exception.Message));

    /// <summary>The failure as a value, for one item of a stream.</summary>
    public static Fault ToFault(InferenceException exception) => new()
    {
        Code = exception.Code.ToString(),
        Message = exception.Message,
        Status = (int)ErrorMapping.ToGrpc(exception.Code),
        Fields = { exception.Fields.Select(field => new FieldFault { Field = field.Field, Message = field.Message, Value = field.Value ?? "" }) },
        RetryAfter = exception.RetryAfter is { } wait ? Duration.FromTimeSpan(wait) : null,
    };

    /// <summary>A message as metadata can carry it.</summary>
    public static string Cut(string message)
    {
        if (message.Length <= MaxDetailLength) return message;

        // A surrogate pair stays whole.
        var length = char.IsHighSurrogate(message[MaxDetailLength - 1]) ? MaxDetailLength - 1 : MaxDetailLength;
        return $"{message[..length]}…";
    }

    private static Metadata ToTrailers(InferenceException exception)
    {
        var fault = ToFault(exception);
        fault.Message = Cut(fault.Message);
        while (fault.CalculateSize() > MaxFaultBytes && fault.Fields.Count > 0) fault.Fields.RemoveAt(fault.Fields.Count - 1);

        var trailers = new Metadata { { FaultTrailer, fault.ToByteArray() } };
        if (ErrorMapping.ToRetryAfter(exception) is { } seconds) trailers.Add(RetryAfterTrailer, seconds);
        return trailers;
    }
}

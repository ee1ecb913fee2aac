using Grpc.Core;
using OrleansInference;
using OrleansInference.Api;
using OrleansInference.Api.Grpc;
using OrleansInference.Api.Grpc.Predictions.Wire;

namespace UnitTests.Api.Grpc;

/// <summary>The error table's gRPC column, row by row, and what stands in the trailers.</summary>
public sealed class GrpcErrorsTests
{
    public static TheoryData<InferenceErrorCode, StatusCode> Codes => new()
    {
        { InferenceErrorCode.Internal, StatusCode.Internal },
        { InferenceErrorCode.InvalidInput, StatusCode.InvalidArgument },
        { InferenceErrorCode.NotFound, StatusCode.NotFound },
        { InferenceErrorCode.QueueFull, StatusCode.ResourceExhausted },
        { InferenceErrorCode.Cancelled, StatusCode.Cancelled },
        { InferenceErrorCode.NotReady, StatusCode.Unavailable },
        { InferenceErrorCode.StorageUnavailable, StatusCode.Unavailable },
        { InferenceErrorCode.DeadlineExceeded, StatusCode.DeadlineExceeded },
        { InferenceErrorCode.ModelFailed, StatusCode.Internal },
        { InferenceErrorCode.Unauthenticated, StatusCode.Unauthenticated },
        { InferenceErrorCode.MethodNotAllowed, StatusCode.Unimplemented },
        { InferenceErrorCode.PayloadTooLarge, StatusCode.ResourceExhausted },
        { InferenceErrorCode.UnsupportedMediaType, StatusCode.InvalidArgument },
        { InferenceErrorCode.IdempotencyConflict, StatusCode.FailedPrecondition },
        { InferenceErrorCode.Forbidden, StatusCode.PermissionDenied },
    };

    [Theory]
    [MemberData(nameof(Codes))]
    public void ToRpcException_Code_HasItsStatus(InferenceErrorCode code, StatusCode status)
    {
        var told = GrpcErrors.ToRpcException(new InferenceException(code, "What happened."));

        Assert.Equal((status, "What happened."), (told.StatusCode, told.Status.Detail));
        Assert.Equal((code.ToString(), (int)status), (Read(told).Code, Read(told).Status));
    }

    [Fact]
    public void Codes_Table_IsComplete() =>
        Assert.Equal(Enum.GetValues<InferenceErrorCode>().Order(), Codes.Select(row => row.Data.Item1).Order());

    [Fact]
    public void ToRpcException_RetryCanHelp_SaysWhen()
    {
        var told = GrpcErrors.ToRpcException(new InferenceException(InferenceErrorCode.QueueFull, "Full.", TimeSpan.FromMilliseconds(1500)));

        Assert.Equal("2", told.Trailers.GetValue(GrpcErrors.RetryAfterTrailer));
        Assert.Equal(TimeSpan.FromMilliseconds(1500), Read(told).RetryAfter.ToTimeSpan());
    }

    [Fact]
    public void ToRpcException_RetryCannotHelp_SaysNothing()
    {
        var told = GrpcErrors.ToRpcException(new InferenceException(InferenceErrorCode.NotFound, "None."));

        Assert.Null(told.Trailers.GetValue(GrpcErrors.RetryAfterTrailer));
        Assert.Null(Read(told).RetryAfter);
    }

    [Fact]
    public void ToRpcException_InvalidInput_ListsEveryField()
    {
        var told = GrpcErrors.ToRpcException(InferenceException.InvalidInput(new FieldError("user_id", "is required", null), new FieldError("amount", "must be at least 0", "-1")));

        Assert.Equal(
            [new FieldFault { Field = "user_id", Message = "is required" }, new FieldFault { Field = "amount", Message = "must be at least 0", Value = "-1" }],
            Read(told).Fields);
    }

    [Fact]
    public void ToRpcException_FloodOfFaults_StaysWithinMetadata()
    {
        var faults = Enumerable.Range(0, 50).Select(i => new FieldError(new string('f', 200), new string('m', 200), new string('v', 100))).ToArray();

        var told = GrpcErrors.ToRpcException(InferenceException.InvalidInput(faults));

        Assert.InRange(told.Status.Detail.Length, 1, 1025);
        Assert.InRange(told.Trailers.GetValueBytes(GrpcErrors.FaultTrailer)!.Length, 1, 3072);
    }

    private static Fault Read(RpcException told) => Fault.Parser.ParseFrom(told.Trailers.GetValueBytes(GrpcErrors.FaultTrailer));
}

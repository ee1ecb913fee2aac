using System.Runtime.InteropServices;
using Google.Protobuf;
using OrleansInference.Api.Grpc.OpenInference.Wire;

namespace IntegrationTests.Grpc;

/// <summary>ModelInfer requests.</summary>
internal static class Requests
{
    /// <summary>A request with one FP32 input <c>x</c> of rows with as many columns, in the typed form.</summary>
    public static ModelInferRequest Typed(string model, int columns, params float[] values) => new()
    {
        ModelName = model,
        Inputs = { Input(values.Length / columns, columns, new InferTensorContents { Fp32Contents = { values } }) },
    };

    /// <summary>The same as bytes.</summary>
    public static ModelInferRequest Raw(string model, int columns, params float[] values) => new()
    {
        ModelName = model,
        Inputs = { Input(values.Length / columns, columns, contents: null) },
        RawInputContents = { ByteString.CopyFrom(MemoryMarshal.AsBytes(values.AsSpan())) },
    };

    /// <summary>The numbers of a raw output.</summary>
    public static float[] Floats(ByteString raw) => MemoryMarshal.Cast<byte, float>(raw.Span).ToArray();

    private static ModelInferRequest.Types.InferInputTensor Input(int rows, int columns, InferTensorContents? contents) =>
        new() { Name = "x", Datatype = "FP32", Shape = { rows, columns }, Contents = contents };
}

using Google.Protobuf;
using OrleansInference;
using OrleansInference.Api.Grpc.OpenInference;
using OrleansInference.Api.Grpc.OpenInference.Wire;

namespace UnitTests.Api.Grpc;

public sealed class InferTranslatorTests
{
    [Fact]
    public void Translate_ParsedMessage_HoldsOnToItsBytesWithoutACopy()
    {
        var message = ModelInferRequest.Parser.ParseFrom(Request().ToByteArray());

        var tensor = Assert.Single(InferRequestTranslator.Translate(message, timeLeft: null).Inputs);

        Assert.True(System.Runtime.InteropServices.MemoryMarshal.TryGetArray(message.RawInputContents[0].Memory, out var segment));
        Assert.Same(segment.Array, tensor.Data);
        Assert.Equal(("x", TensorDatatype.FP32), (tensor.Name, tensor.Datatype));
        Assert.Equal([1L, 2L], tensor.Shape);
    }

    [Fact]
    public void Translate_PlainRequest_AsksTheDefaults()
    {
        var request = InferRequestTranslator.Translate(Request(), timeLeft: null);

        Assert.Equal((null, null, InferencePriority.Interactive, null, null, false), (request.Version, request.Outputs, request.Priority, request.Timeout, request.RoutingKey, request.BypassCache));
    }

    [Fact]
    public void Translate_Parameters_AreTaken()
    {
        var message = Request();
        message.ModelVersion = "stable";
        message.Parameters.Add("priority", new InferParameter { Int64Param = 5 });
        message.Parameters.Add("routing_key", new InferParameter { StringParam = "42" });
        message.Parameters.Add("bypass_cache", new InferParameter { BoolParam = true });
        message.Parameters.Add("timeout", new InferParameter { Uint64Param = 1500 });
        message.Parameters.Add("something_else", new InferParameter { DoubleParam = 0.5 });
        message.Parameters.Add("nothing", new InferParameter());
        var request = InferRequestTranslator.Translate(message, timeLeft: null);

        Assert.Equal(
            ("stable", InferencePriority.Bulk, TimeSpan.FromMicroseconds(1500), "42", true),
            (request.Version, request.Priority, request.Timeout, request.RoutingKey, request.BypassCache));
    }

    [Theory]
    [InlineData(1000, 400, 400)]
    [InlineData(300, 400, 300)]
    public void Translate_DeadlineAndTimeout_TheShorterHolds(int timeoutMicroseconds, int leftMicroseconds, int expected)
    {
        var message = Request();
        message.Parameters.Add("timeout", new InferParameter { Int64Param = timeoutMicroseconds });

        Assert.Equal(TimeSpan.FromMicroseconds(expected), InferRequestTranslator.Translate(message, TimeSpan.FromMicroseconds(leftMicroseconds)).Timeout);
    }

    [Fact]
    public void Translate_InputWithoutName_IsTold() => AssertRefused(message => message.Inputs[0].Name = "", "input 'inputs[0]' has no name");

    [Fact]
    public void Translate_EmptyContentsBesideRaw_AreStillBoth() => AssertRefused(message => message.Inputs[0].Contents = new InferTensorContents(), "has contents beside raw_input_contents");

    [Fact]
    public void Translate_SharedMemory_IsRefused() =>
        AssertRefused(message => message.Inputs[0].Parameters.Add("shared_memory_region", new InferParameter { StringParam = "r" }), "is in shared memory");

    [Fact]
    public void Translate_Classification_IsRefused() => AssertRefused(
        message => message.Outputs.Add(new ModelInferRequest.Types.InferRequestedOutputTensor { Name = "y", Parameters = { { "classification", new InferParameter { Int64Param = 3 } } } }),
        "outputs[0] asks for classification");

    [Fact]
    public void Translate_Answer_EchoesIdAndWrapsTheBytes()
    {
        byte[] data = [1, 2, 3, 4, 5, 6, 7, 8];
        var message = Request();
        message.Id = "é";
        var answer = InferResponseTranslator.Translate(message, Response(TensorDatatype.FP32, data));
        data[0] = 9;

        Assert.Equal(("m", "3", "é"), (answer.ModelName, answer.ModelVersion, answer.Id));
        Assert.Equal(9, Assert.Single(answer.RawOutputContents)[0]);
    }

    [Theory]
    [InlineData(TensorDatatype.FP32, false)]
    [InlineData(TensorDatatype.FP16, true)]
    public void Translate_AnswerToTyped_IsRawOnlyWhereNothingElseHoldsIt(TensorDatatype datatype, bool raw)
    {
        var message = Request();
        message.RawInputContents.Clear();
        var answer = InferResponseTranslator.Translate(message, Response(datatype, new byte[8]));

        Assert.Equal((raw ? 1 : 0, raw), (answer.RawOutputContents.Count, answer.Outputs[0].Contents is null));
    }

    private static ModelInferRequest Request() => new()
    {
        ModelName = "m",
        Inputs = { new ModelInferRequest.Types.InferInputTensor { Name = "x", Datatype = "FP32", Shape = { 1, 2 } } },
        RawInputContents = { ByteString.CopyFrom(1, 2, 3, 4, 5, 6, 7, 8) },
    };

    private static InferenceResponse Response(TensorDatatype datatype, byte[] data) =>
        new() { Version = 3, Outputs = [new Tensor { Name = "y", Datatype = datatype, Shape = [1, data.Length / 4], Data = data }] };

    private static void AssertRefused(Action<ModelInferRequest> change, string told)
    {
        var message = Request();
        change(message);

        Assert.Contains(told, Assert.Throws<InferenceException>(() => InferRequestTranslator.Translate(message, timeLeft: null)).Message, StringComparison.Ordinal);
    }
}

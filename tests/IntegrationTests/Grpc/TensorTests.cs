using System.Runtime.InteropServices;
using Google.Protobuf;
using Grpc.Core;
using OrleansInference.Api.Grpc.OpenInference.Wire;

namespace IntegrationTests.Grpc;

/// <summary>Tensors over gRPC: raw bytes and typed contents mean the same, and what means nothing is refused with its reason.</summary>
public sealed class TensorTests(ModelServer models) : IClassFixture<ModelServer>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private GRPCInferenceService.GRPCInferenceServiceClient Client => models.Server.Inference;

    /// <summary>A datatype, typed contents as the message's bytes, and the same as raw contents.</summary>
    public static TheoryData<string, byte[], byte[]> Datatypes => new()
    {
        { "BOOL", new InferTensorContents { BoolContents = { true, false } }.ToByteArray(), [1, 0] },
        { "INT8", new InferTensorContents { IntContents = { sbyte.MinValue, sbyte.MaxValue } }.ToByteArray(), Bytes<sbyte>(sbyte.MinValue, sbyte.MaxValue) },
        { "INT16", new InferTensorContents { IntContents = { short.MinValue, short.MaxValue } }.ToByteArray(), Bytes(short.MinValue, short.MaxValue) },
        { "INT32", new InferTensorContents { IntContents = { int.MinValue, int.MaxValue } }.ToByteArray(), Bytes(int.MinValue, int.MaxValue) },
        { "INT64", new InferTensorContents { Int64Contents = { long.MinValue, long.MaxValue } }.ToByteArray(), Bytes(long.MinValue, long.MaxValue) },
        { "UINT8", new InferTensorContents { UintContents = { 0, byte.MaxValue } }.ToByteArray(), [0, byte.MaxValue] },
        { "UINT16", new InferTensorContents { UintContents = { 0, ushort.MaxValue } }.ToByteArray(), Bytes<ushort>(0, ushort.MaxValue) },
        { "UINT32", new InferTensorContents { UintContents = { 0, uint.MaxValue } }.ToByteArray(), Bytes(0u, uint.MaxValue) },
        { "UINT64", new InferTensorContents { Uint64Contents = { (1ul << 53) + 1, ulong.MaxValue } }.ToByteArray(), Bytes((1ul << 53) + 1, ulong.MaxValue) },
        { "FP32", new InferTensorContents { Fp32Contents = { float.Epsilon, -0f } }.ToByteArray(), Bytes(float.Epsilon, -0f) },
        { "FP64", new InferTensorContents { Fp64Contents = { double.Epsilon, double.NegativeInfinity } }.ToByteArray(), Bytes(double.Epsilon, double.NegativeInfinity) },
        { "BYTES", new InferTensorContents { BytesContents = { ByteString.CopyFromUtf8("é"), ByteString.Empty } }.ToByteArray(), [2, 0, 0, 0, 0xC3, 0xA9, 0, 0, 0, 0] },
    };

    [Theory]
    [MemberData(nameof(Datatypes), DisableDiscoveryEnumeration = true)]
    public async Task ModelInfer_RawOrTyped_AnswersTheSame(string datatype, byte[] message, byte[] bytes)
    {
        var contents = InferTensorContents.Parser.ParseFrom(message);
        var typed = await Client.ModelInferAsync(Request(datatype, contents), cancellationToken: Cancellation);
        var raw = await Client.ModelInferAsync(Request(datatype, null, bytes), cancellationToken: Cancellation);

        Assert.Equal(contents, Assert.Single(typed.Outputs).Contents);
        Assert.Empty(typed.RawOutputContents);
        Assert.Equal(bytes, Assert.Single(raw.RawOutputContents).ToByteArray());
        Assert.Null(Assert.Single(raw.Outputs).Contents);
        Assert.Equal((typed.Outputs[0].Name, datatype), (raw.Outputs[0].Name, raw.Outputs[0].Datatype));
        Assert.Equal(typed.Outputs[0].Shape, raw.Outputs[0].Shape);
    }

    [Theory]
    [InlineData("FP16")]
    [InlineData("BF16")]
    public async Task ModelInfer_HalfPrecisionAsBytes_ComesBack(string datatype)
    {
        byte[] bytes = [0x00, 0x3C, 0x01, 0x80];

        var answer = await Client.ModelInferAsync(Request(datatype, null, bytes), cancellationToken: Cancellation);

        Assert.Equal(bytes, Assert.Single(answer.RawOutputContents).ToByteArray());
        Assert.Equal(datatype, answer.Outputs[0].Datatype);
    }

    [Fact]
    public async Task ModelInfer_HalfPrecisionAsTyped_IsRefused() => await AssertRefusedAsync(
        Request("FP16", new InferTensorContents { Fp32Contents = { 1, 2 } }), "input 'x' has the datatype FP16, which has no typed contents; send raw_input_contents");

    [Fact]
    public async Task ModelInfer_BothRawAndTyped_IsRefused() => await AssertRefusedAsync(
        Request("FP32", new InferTensorContents { Fp32Contents = { 1, 2 } }, Bytes(1f, 2f)), "input 'x' has contents beside raw_input_contents; send one of the two");

    [Fact]
    public async Task ModelInfer_MoreRawContentsThanInputs_IsRefused()
    {
        var request = Request("FP32", null, Bytes(1f, 2f));
        request.RawInputContents.Add(ByteString.Empty);

        await AssertRefusedAsync(request, "has 2 raw_input_contents for 1 inputs; send one for each input");
    }

    [Theory]
    [InlineData(7, "came with 7 bytes, but FP32 [1, 2] takes 8")]
    [InlineData(9, "came with 9 bytes, but FP32 [1, 2] takes 8")]
    public async Task ModelInfer_RawSizeOffTheShape_IsRefused(int size, string told) =>
        await AssertRefusedAsync(Request("FP32", null, new byte[size]), told);

    [Fact]
    public async Task ModelInfer_TypedCountOffTheShape_IsRefused() => await AssertRefusedAsync(
        Request("FP32", new InferTensorContents { Fp32Contents = { 1 } }), "input 'x' has 1 elements in fp32_contents, but its shape [1, 2] takes 2");

    [Fact]
    public async Task ModelInfer_ContentsOfAnotherDatatype_IsRefused() => await AssertRefusedAsync(
        Request("FP32", new InferTensorContents { Fp64Contents = { 1, 2 } }), "input 'x' has contents of another datatype; FP32 takes fp32_contents alone");

    [Theory]
    [InlineData("UINT8", 300u)]
    [InlineData("UINT16", 65536u)]
    public async Task ModelInfer_NumberBeyondItsDatatype_IsRefused(string datatype, uint value) => await AssertRefusedAsync(
        Request(datatype, new InferTensorContents { UintContents = { 0, value } }), $"input 'x' has {value} at element 1; {datatype} takes 0 to");

    [Fact]
    public async Task ModelInfer_UnknownDatatype_NamesThoseThatThereAre() =>
        await AssertRefusedAsync(Request("FP8", null, [], model: "identity"), "has the datatype 'FP8'; send one of BOOL, UINT8");

    [Theory]
    [InlineData(-1L, 2L)]
    [InlineData(long.MaxValue, long.MaxValue)]
    public async Task ModelInfer_ImpossibleShape_IsRefused(long rows, long columns)
    {
        var request = Request("FP32", null, Bytes(1f, 2f));
        request.Inputs[0].Shape.Clear();
        request.Inputs[0].Shape.Add([rows, columns]);

        await AssertRefusedAsync(request, "input 'x' has the");
    }

    [Fact]
    public async Task ModelInfer_UnknownParameter_IsIgnored()
    {
        var request = Request("FP32", null, Bytes(1f, 2f));
        request.Parameters.Add("my_parameter", new InferParameter { DoubleParam = 1.5 });
        request.Parameters.Add("priority", new InferParameter { Uint64Param = 2 });
        request.Parameters.Add("routing_key", new InferParameter { StringParam = "42" });

        Assert.Single((await Client.ModelInferAsync(request, cancellationToken: Cancellation)).RawOutputContents);
    }

    [Fact]
    public async Task ModelInfer_ParameterOfAWrongType_IsRefused()
    {
        var request = Request("FP32", null, Bytes(1f, 2f));
        request.Parameters.Add("bypass_cache", new InferParameter { StringParam = "yes" });

        await AssertRefusedAsync(request, "parameter 'bypass_cache' is 'yes'; send true or false");
    }

    [Fact]
    public async Task ModelInfer_OutputsAskedFor_ComeInThatOrder()
    {
        var all = await Client.ModelInferAsync(Variable(), cancellationToken: Cancellation);
        var asked = Variable();
        asked.Outputs.Add([new() { Name = "total" }, new() { Name = "y" }]);
        var answer = await Client.ModelInferAsync(asked, cancellationToken: Cancellation);

        Assert.Equal(["y", "total"], all.Outputs.Select(output => output.Name));
        Assert.Equal(["total", "y"], answer.Outputs.Select(output => output.Name));
        Assert.Equal(all.RawOutputContents.Reverse(), answer.RawOutputContents);
    }

    [Fact]
    public async Task ModelInfer_MoreThanFourMebibytes_IsAnswered()
    {
        var values = new float[2_000_000];
        for (var i = 0; i < values.Length; i++) values[i] = i;
        var request = Requests.Raw("identity-fp32", values.Length / 4, values);
        Assert.True(request.CalculateSize() > 7_000_000);

        var answer = await Client.ModelInferAsync(request, cancellationToken: Cancellation);

        Assert.Equal(request.RawInputContents[0], Assert.Single(answer.RawOutputContents));
    }

    [Fact]
    public async Task ModelInfer_NoRows_AnswersNone()
    {
        var answer = await Client.ModelInferAsync(Requests.Raw("identity", 4), cancellationToken: Cancellation);

        Assert.Equal([0L, 4L], answer.Outputs[0].Shape);
        Assert.Equal(0, Assert.Single(answer.RawOutputContents).Length);
    }

    private static ModelInferRequest Request(string datatype, InferTensorContents? contents, byte[]? bytes = null, string? model = null)
    {
        var request = new ModelInferRequest
        {
            ModelName = model ?? $"identity-{datatype.ToLowerInvariant()}",
            Inputs = { new ModelInferRequest.Types.InferInputTensor { Name = "x", Datatype = datatype, Shape = { 1, 2 }, Contents = contents } },
        };
        if (bytes is not null) request.RawInputContents.Add(ByteString.CopyFrom(bytes));
        return request;
    }

    private static ModelInferRequest Variable() => new()
    {
        ModelName = "variable",
        Inputs = { new ModelInferRequest.Types.InferInputTensor { Name = "x", Datatype = "FP32", Shape = { 1, 2, 1 } } },
        RawInputContents = { ByteString.CopyFrom(Bytes(1f, 2f)) },
    };

    private async Task AssertRefusedAsync(ModelInferRequest request, string told)
    {
        var fault = await Assert.ThrowsAsync<RpcException>(async () => await Client.ModelInferAsync(request, cancellationToken: Cancellation));

        Assert.Equal(StatusCode.InvalidArgument, fault.StatusCode);
        Assert.Contains(told, fault.Status.Detail, StringComparison.Ordinal);
        Assert.True((await Client.ServerLiveAsync(new ServerLiveRequest(), cancellationToken: Cancellation)).Live);
    }

    private static byte[] Bytes<T>(params ReadOnlySpan<T> elements)
        where T : unmanaged => MemoryMarshal.AsBytes(elements).ToArray();
}

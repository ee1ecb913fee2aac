using System.Text;
using OrleansInference;
using OrleansInference.Api.OpenInference.Rest;

namespace UnitTests.Api.OpenInference.Rest;

/// <summary>Tensors' bytes behind the JSON, and bytes alone.</summary>
public sealed class InferBodyReaderTests
{
    private const string Two =
        """{"inputs": [{"name": "a", "shape": [2], "datatype": "INT16", "parameters": {"binary_data_size": 4}}, {"name": "c", "shape": [1], "datatype": "FP32", "data": [5]}, {"name": "b", "parameters": {"binary_data_size": 3}, "shape": [3], "datatype": "BOOL"}]}""";

    [Fact]
    public void Read_BytesBehindJson_GoToTheirInputsInOrder()
    {
        var body = ReadBinary(Two, [1, 0, 2, 0, 1, 0, 1]);

        Assert.Equal([1, 2], body.Inputs[0].Elements<short>().ToArray());
        Assert.Equal([5], body.Inputs[1].Elements<float>().ToArray());
        Assert.Equal([1, 0, 1], body.Inputs[2].Data);
    }

    [Theory]
    [InlineData(6, "input 'b' has binary_data_size 3, but 2 of the 6 bytes behind the JSON are left")]
    [InlineData(8, "the body has 1 bytes more behind its JSON than the inputs' binary_data_size say")]
    [InlineData(0, "input 'a' has binary_data_size 4, but 0 of the 0 bytes behind the JSON are left")]
    public void Read_OtherSizeThanSaid_IsRefused(int length, string fault) => AssertFault(fault, () => ReadBinary(Two, new byte[length]));

    [Theory]
    [InlineData("""{"name": "x", "shape": [3], "datatype": "INT16", "parameters": {"binary_data_size": 4}}""", "input 'x' came with 4 bytes, but INT16 [3] takes 6")]
    [InlineData("""{"name": "x", "shape": [2], "datatype": "INT16", "data": [1, 2], "parameters": {"binary_data_size": 4}}""", "input 'x' has both data and binary_data_size")]
    [InlineData("""{"name": "x", "shape": [2], "datatype": "INT16", "parameters": {"binary_data_size": -4}}""", "input 'x' has binary_data_size -4")]
    [InlineData("""{"name": "x", "shape": [2], "datatype": "INT16", "parameters": {"binary_data_size": "4"}}""", "parameter 'binary_data_size' is '4'")]
    [InlineData("""{"name": "x", "shape": [2], "datatype": "INT16", "parameters": {"binary_data_size": 9223372036854775807}}""", "input 'x' has binary_data_size 9223372036854775807, but 4 of the 4 bytes")]
    [InlineData("""{"name": "x", "shape": [1], "datatype": "BYTES", "parameters": {"binary_data_size": 4}}""", "input 'x' says that string 0 has 67305985 bytes, but only 0 follow")]
    public void Read_SizeUnlikeTheShape_IsRefused(string input, string fault) => AssertFault(fault, () => ReadBinary($$"""{"inputs": [{{input}}]}""", [1, 2, 3, 4]));

    [Theory]
    [InlineData(new byte[] { 1, 0, 0, 0, 65, 0, 0, 0, 0 }, 2, null)]
    [InlineData(new byte[] { 1, 0, 0, 0, 255 }, 1, null)]
    [InlineData(new byte[] { 1, 0, 0, 0, 65 }, 2, "input 'x' holds 1 strings, but its shape [2] takes 2")]
    [InlineData(new byte[] { 1, 0, 0, 0, 65, 1 }, 1, "input 'x' ends with 1 bytes where the 4-byte length of string 1 should stand")]
    [InlineData(new byte[] { 2, 0, 0, 0, 65 }, 1, "input 'x' says that string 0 has 2 bytes, but only 1 follow")]
    [InlineData(new byte[] { 255, 255, 255, 255, 65 }, 1, "input 'x' says that string 0 has 4294967295 bytes, but only 1 follow")]
    public void Read_Strings_AreHeldAgainstTheirLengths(byte[] bytes, int count, string? fault)
    {
        var json = $"{{\"inputs\": [{{\"name\": \"x\", \"shape\": [{count}], \"datatype\": \"BYTES\", \"parameters\": {{\"binary_data_size\": {bytes.Length}}}}}]}}";

        if (fault is not null) AssertFault(fault, () => ReadBinary(json, bytes));
        else Assert.Equal(bytes, ReadBinary(json, bytes).Inputs[0].Data);
    }

    [Fact]
    public void Read_SizesWithoutTheHeader_NamesIt() => AssertFault(
        "input 'a' has binary_data_size, but the request has no header Inference-Header-Content-Length",
        () => InferBodyReader.Read(Pieces.Of(Encoding.UTF8.GetBytes(Two), 7), new InferForm(null), null));

    [Fact]
    public void Read_HeaderLongerThanBody_IsRefused() => AssertFault(
        "header Inference-Header-Content-Length is 1000, but the whole body has 14 bytes",
        () => InferBodyReader.Read(Pieces.Of("""{"inputs": []}"""u8.ToArray(), 3), new InferForm(1000), null));

    [Theory]
    [InlineData(TensorDatatype.FP32, new long[] { -1, 2 }, 64, new long[] { 1, 2 }, 8)]
    [InlineData(TensorDatatype.FP32, new long[] { -1, -1 }, 64, new long[] { 1, 3 }, 12)]
    [InlineData(TensorDatatype.FP32, new long[] { 2, -1, 1 }, 0, new long[] { 2, 3, 1 }, 24)]
    [InlineData(TensorDatatype.FP32, new long[] { -1, 2 }, 0, new long[] { 3, 2 }, 24)]
    [InlineData(TensorDatatype.UINT8, new long[] { 5 }, 0, new long[] { 5 }, 5)]
    public void Read_BytesAlone_TakeTheModelsShape(TensorDatatype datatype, long[] declared, int maxBatchSize, long[] expected, int bytes)
    {
        var body = ReadRaw(new byte[bytes], maxBatchSize, new TensorMetadata("x", datatype, declared));

        var input = Assert.Single(body.Inputs);
        Assert.Equal(("x", datatype), (input.Name, input.Datatype));
        Assert.Equal(expected, input.Shape);
        Assert.Equal(bytes, input.Data.Length);
        Assert.Equal([true], body.FindBinary(1));
    }

    [Fact]
    public void Read_BytesAloneForAString_AreThatString()
    {
        var input = Assert.Single(ReadRaw([0xFF, 0xD8, 0xFF], 8, new TensorMetadata("picture", TensorDatatype.BYTES, [-1, 1])).Inputs);

        Assert.Equal([1, 1], input.Shape);
        Assert.Equal([3, 0, 0, 0, 0xFF, 0xD8, 0xFF], input.Data);
    }

    [Theory]
    [InlineData(new long[] { -1, 2 }, 64, 9, "input 'x' came with 9 bytes, but FP32 [1, 2] takes 8")]
    [InlineData(new long[] { -1, 2 }, 64, 4, "input 'x' came with 4 bytes, but FP32 [1, 2] takes 8")]
    [InlineData(new long[] { -1, 2 }, 0, 12, "input 'x' came with 12 bytes, but FP32 [1, 2] takes 8")]
    [InlineData(new long[] { -1, -1, -1 }, 64, 8, "model 'm' takes shape [1, -1, -1], which leaves more than one dimension open")]
    public void Read_BytesAloneThatDoNotTellTheShape_AreRefused(long[] declared, int maxBatchSize, int bytes, string fault) =>
        AssertFault(fault, () => ReadRaw(new byte[bytes], maxBatchSize, new TensorMetadata("x", TensorDatatype.FP32, declared)));

    [Fact]
    public void Read_BytesAloneForTwoInputs_NamesThem() => AssertFault(
        "model 'm' has 2 inputs (a, b), so the bytes alone do not tell the request; send JSON before them",
        () => ReadRaw([1], 8, new TensorMetadata("a", TensorDatatype.UINT8, [-1]), new TensorMetadata("b", TensorDatatype.UINT8, [-1])));

    private static InferBody ReadBinary(string json, byte[] tail)
    {
        var bytes = Encoding.UTF8.GetBytes(json);
        return InferBodyReader.Read(Pieces.Of([.. bytes, .. tail], 5), new InferForm(bytes.Length), null);
    }

    private static InferBody ReadRaw(byte[] bytes, int maxBatchSize, params TensorMetadata[] inputs) => InferBodyReader.Read(
        Pieces.Of(bytes, 2),
        new InferForm(0),
        new ModelDescription { Name = "m", Versions = [1], Version = 1, Platform = "onnx_onnxv1", Inputs = inputs, Outputs = [], MaxBatchSize = maxBatchSize });

    private static void AssertFault(string fault, Func<InferBody> read)
    {
        var told = Assert.Throws<InferenceException>(read);
        Assert.Equal(InferenceErrorCode.InvalidInput, told.Code);
        Assert.StartsWith(fault, told.Message, StringComparison.Ordinal);
    }
}

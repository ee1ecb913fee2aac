using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using OrleansInference;
using OrleansInference.Api.OpenInference.Rest;

namespace UnitTests.Api.OpenInference.Rest;

public sealed class InferJsonReaderTests
{
    [Fact]
    public void Read_Request_GivesEveryMember()
    {
        var body = Read(
            """
            {"id": "a\u00e9", "model_name": "ignored", "parameters": {"priority": 2, "timeout": 1500, "routing_key": "user-1", "bypass_cache": true, "other": [1, {"a": 2}]},
             "inputs": [{"name": "x", "shape": [2, 2], "datatype": "FP32", "data": [1, 2.5, -3, 4e1]}, {"name": "z", "shape": [1], "datatype": "INT64", "data": [7]}],
             "outputs": [{"name": "b", "parameters": {"binary_data": true}}, {"name": "a"}]}
            """);

        var request = body.ToRequest("stable");
        Assert.Equal("aé", body.Id);
        Assert.Equal("stable", request.Version);
        Assert.Equal(["x", "z"], request.Inputs.Select(input => input.Name));
        Assert.Equal([1, 2.5f, -3, 40], request.Inputs[0].Elements<float>().ToArray());
        Assert.Equal([2, 2], request.Inputs[0].Shape);
        Assert.Equal([7], request.Inputs[1].Elements<long>().ToArray());
        Assert.Equal(["b", "a"], request.Outputs!);
        Assert.Equal((InferencePriority.Bulk, TimeSpan.FromMicroseconds(1500), "user-1", true), (request.Priority, request.Timeout, request.RoutingKey, request.BypassCache));
        Assert.Equal([true, false], body.FindBinary(2));
    }

    [Fact]
    public void Read_NothingOptional_AsksForAllOutputsAtOnce()
    {
        var body = Read("""{"inputs": []}""");

        var request = body.ToRequest(null);
        Assert.Null(body.Id);
        Assert.Null(request.Outputs);
        Assert.Equal((InferencePriority.Interactive, (TimeSpan?)null, (string?)null, false), (request.Priority, request.Timeout, request.RoutingKey, request.BypassCache));
    }

    [Theory]
    [InlineData("""{"name": "x", "datatype": "FP32", "shape": [2, 2], "data": [1, 2, 3, 4]}""")]
    [InlineData("""{"data": [1, 2, 3, 4], "shape": [2, 2], "datatype": "FP32", "name": "x"}""")]
    [InlineData("""{"datatype": "FP32", "data": [[1, 2], [3, 4]], "shape": [2, 2], "name": "x"}""")]
    [InlineData("""{"shape": [2, 2], "data": [[1, 2], [3, 4]], "name": "x", "unknown": {"data": [9]}, "datatype": "FP32", "parameters": {"content_type": "np"}}""")]
    public void Read_KeysInAnyOrder_GiveTheSameTensor(string input)
    {
        var tensor = ReadInput(input);

        Assert.Equal(("x", TensorDatatype.FP32), (tensor.Name, tensor.Datatype));
        Assert.Equal([2, 2], tensor.Shape);
        Assert.Equal([1, 2, 3, 4], tensor.Elements<float>().ToArray());
    }

    public static TheoryData<string, string, byte[]> Elements => new()
    {
        { "BOOL", "true, false, 1, 0", [1, 0, 1, 0] },
        { "UINT8", "0, 255", [0, 255] },
        { "INT8", "-128, 127", [128, 127] },
        { "UINT16", "0, 65535", Bytes<ushort>(0, 65535) },
        { "INT16", "-32768, 32767", Bytes<short>(short.MinValue, short.MaxValue) },
        { "UINT32", "0, 4294967295", Bytes(0u, uint.MaxValue) },
        { "INT32", "-2147483648, 2147483647", Bytes(int.MinValue, int.MaxValue) },
        { "UINT64", "0, 9007199254740993, 18446744073709551615", Bytes<ulong>(0, 9007199254740993, ulong.MaxValue) },
        { "INT64", "-9223372036854775808, 9007199254740993, 9223372036854775807", Bytes<long>(long.MinValue, 9007199254740993, long.MaxValue) },
        { "FP16", "0.1, -65504, 6e-8, -0.0", Bytes((Half)0.1, Half.MinValue, (Half)6e-8, Half.NegativeZero) },
        { "BF16", "1, 1.00390625, 1.01171875, -0.0", Bytes<ushort>(0x3F80, 0x3F80, 0x3F82, 0x8000) },
        { "FP32", "0.1, 1e-45, -3.4028235e38, -0.0", Bytes(0.1f, float.Epsilon, float.MinValue, float.NegativeZero) },
        { "FP64", "0.1, 5e-324, 1.7976931348623157E+308, -0.0", Bytes(0.1, double.Epsilon, double.MaxValue, double.NegativeZero) },
        { "FP16", "\"NaN\", \"Infinity\", \"-Infinity\"", Bytes(Half.NaN, Half.PositiveInfinity, Half.NegativeInfinity) },
        { "FP32", "\"NaN\", \"Infinity\", \"-Infinity\"", Bytes(float.NaN, float.PositiveInfinity, float.NegativeInfinity) },
        { "FP64", "\"NaN\", \"Infinity\", \"-Infinity\"", Bytes(double.NaN, double.PositiveInfinity, double.NegativeInfinity) },
        { "BF16", "\"NaN\", \"Infinity\", \"-Infinity\"", Bytes<ushort>(0xFFC0, 0x7F80, 0xFF80) },
        { "BYTES", "\"\", \"a\", \"\\u00fc\\ud83d\\ude00\"", [0, 0, 0, 0, 1, 0, 0, 0, (byte)'a', 6, 0, 0, 0, 0xC3, 0xBC, 0xF0, 0x9F, 0x98, 0x80] },
    };

    [Theory]
    [MemberData(nameof(Elements))]
    public void Read_Elements_BecomeTheirBytes(string datatype, string elements, byte[] expected)
    {
        var count = elements.Split(',').Length;

        Assert.Equal(expected, ReadInput($$"""{"name": "x", "shape": [{{count}}], "datatype": "{{datatype}}", "data": [{{elements}}]}""").Data);
        Assert.Equal(expected, ReadInput($$"""{"data": [[{{elements}}]], "name": "x", "shape": [1, {{count}}], "datatype": "{{datatype}}"}""").Data);
    }

    [Theory]
    [InlineData("UINT8", "300", "is 300, which UINT8 cannot hold; send 0 to 255")]
    [InlineData("UINT8", "-1", "is -1, which UINT8 cannot hold; send 0 to 255")]
    [InlineData("INT8", "128", "send -128 to 127")]
    [InlineData("UINT16", "65536", "send 0 to 65535")]
    [InlineData("INT16", "32768", "send -32768 to 32767")]
    [InlineData("UINT32", "4294967296", "send 0 to 4294967295")]
    [InlineData("INT32", "-2147483649", "send -2147483648 to 2147483647")]
    [InlineData("UINT64", "18446744073709551616", "is 18446744073709551616, which UINT64 cannot hold")]
    [InlineData("INT64", "9223372036854775808", "is 9223372036854775808, which INT64 cannot hold")]
    [InlineData("INT32", "1.5", "is 1.5, which is no whole number")]
    [InlineData("INT64", "1e3", "is 1e3, which is no whole number")]
    [InlineData("FP16", "65520", "is 65520, which FP16 cannot hold; send -65504 to 65504")]
    [InlineData("BF16", "3.4e38", "which BF16 cannot hold")]
    [InlineData("FP32", "1e39", "is 1e39, which FP32 cannot hold")]
    [InlineData("FP64", "1e400", "is 1e400, which FP64 cannot hold")]
    [InlineData("FP32", "\"1\"", "is the string '1', but FP32 takes numbers")]
    [InlineData("FP32", "\"nan\"", "is the string 'nan', but FP32 takes numbers")]
    [InlineData("INT32", "\"1\"", "is the string '1', but INT32 takes whole numbers")]
    [InlineData("INT32", "\"NaN\"", "but INT32 takes whole numbers")]
    [InlineData("FP32", "true", "is true, but FP32 takes numbers")]
    [InlineData("FP32", "null", "is null, but FP32 takes numbers")]
    [InlineData("FP32", "{}", "is an object, but FP32 takes numbers")]
    [InlineData("BOOL", "2", "is 2, but BOOL takes true, false, 1 or 0")]
    [InlineData("BOOL", "\"true\"", "but BOOL takes true, false, 1 or 0")]
    [InlineData("BOOL", "null", "is null, but BOOL takes true, false, 1 or 0")]
    [InlineData("BYTES", "5", "is 5, but BYTES takes strings")]
    [InlineData("BYTES", "\"\\ud800\"", "but BYTES takes strings of valid Unicode; send other bytes as binary data")]
    public void Read_WrongElement_IsToldWithInputIndexValueAndRemedy(string datatype, string element, string fault)
    {
        var good = datatype is "BYTES" ? "\"a\"" : "1";

        var told = Fault($$"""{"inputs": [{"name": "x", "shape": [3], "datatype": "{{datatype}}", "data": [{{good}}, {{element}}, {{good}}]}]}""");

        Assert.StartsWith("input 'x', element 1, is ", told, StringComparison.Ordinal);
        Assert.Contains(fault, told, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[2, 2]", "[[1, 2, 3], [4]]", "is ragged: the array that ends after 3 elements, 2 deep, has 3 members, but shape [2, 2] wants 2 there")]
    [InlineData("[2, 2]", "[[1, 2]]", "is ragged: the array that ends after 2 elements, 1 deep, has 1 members, but shape [2, 2] wants 2 there")]
    [InlineData("[2, 2]", "[[1, 2], 3, 4]", "is ragged: an element stands 1 deep after 2 elements")]
    [InlineData("[2, 2]", "[1, [2, 3], 4]", "mixes elements and arrays (element 1)")]
    [InlineData("[2, 2]", "[[[1, 2], [3, 4]]]", "is nested more than 2 deep at element 0")]
    [InlineData("[4]", "[[1, 2, 3, 4]]", "is nested, but shape [4] has 1 dimensions")]
    [InlineData("[2, 2]", "[[], []]", "is ragged: the array that ends after 0 elements, 2 deep, has 0 members")]
    [InlineData("[2, 2]", "[1, 2, 3]", "holds 3 elements, but shape [2, 2] takes 4")]
    [InlineData("[2, 2]", "[1, 2, 3, 4, 5]", "holds 5 elements, but shape [2, 2] takes 4")]
    [InlineData("[0, 2]", "[1]", "holds 1 elements, but shape [0, 2] takes 0")]
    [InlineData("[1000000000]", "[1]", "holds 1 elements, but shape [1000000000] takes 1000000000")]
    [InlineData("[2, 2]", "5", "is 5; send an array of the elements")]
    [InlineData("[2, 2]", "null", "is null; send an array of the elements")]
    public void Read_DataUnlikeItsShape_IsRefused(string shape, string data, string fault)
    {
        Assert.StartsWith($"data of input 'x' {fault}", Fault($$"""{"inputs": [{"name": "x", "shape": {{shape}}, "datatype": "FP32", "data": {{data}}}]}"""), StringComparison.Ordinal);
        Assert.StartsWith($"data of input 'x' {fault}", Fault($$"""{"inputs": [{"data": {{data}}, "name": "x", "shape": {{shape}}, "datatype": "FP32"}]}"""), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[0, 4]", "[]")]
    [InlineData("[4, 0]", "[]")]
    [InlineData("[2, 0]", "[[], []]")]
    public void Read_NoElements_IsATensor(string shape, string data) =>
        Assert.Empty(ReadInput($$"""{"name": "x", "shape": {{shape}}, "datatype": "FP32", "data": {{data}}}""").Data);

    [Fact]
    public void Read_RankZero_TakesOneElement() =>
        Assert.Equal([5], ReadInput("""{"name": "x", "shape": [], "datatype": "FP32", "data": [5]}""").Elements<float>().ToArray());

    [Theory]
    [InlineData("[-1, 4]", "input 'x' has the dimension -1 in its shape [-1, 4]; send the real size, 0 or more")]
    [InlineData("[4000000000, 4000000000, 4000000000]", "input 'x' has the shape [4000000000, 4000000000, 4000000000], which stands for more elements than a request can hold")]
    [InlineData("[4294967296, 4294967296]", "which stands for more elements than a request can hold")]
    [InlineData("[9223372036854775807, 2]", "which stands for more elements than a request can hold")]
    [InlineData("[9223372036854775808]", "input 'x' has 9223372036854775808 in its shape; send whole numbers")]
    [InlineData("[1.5]", "input 'x' has 1.5 in its shape; send whole numbers")]
    [InlineData("[\"1\"]", "input 'x' has the string '1' in its shape; send whole numbers")]
    [InlineData("[[1]]", "input 'x' has an array in its shape; send whole numbers")]
    [InlineData("4", "input 'x' has the shape 4; send an array of its dimensions")]
    [InlineData("[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]", "input 'x' has more than 32 dimensions")]
    public void Read_ImpossibleShape_IsRefusedBeforeAnythingIsAllocated(string shape, string fault)
    {
        var json = $$"""{"inputs": [{"name": "x", "shape": {{shape}}, "datatype": "FP32", "data": [1, 2, 3, 4]}]}""";

        var allocated = GC.GetAllocatedBytesForCurrentThread();
        Assert.Contains(fault, Fault(json), StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - allocated, 0, 1 << 20);
    }

    [Theory]
    [InlineData("", "the body is empty; send JSON such as")]
    [InlineData("nope", "the body is not JSON")]
    [InlineData("""{"inputs": []""", "the body is not JSON")]
    [InlineData("""{"inputs": []} {}""", "the body is not JSON")]
    [InlineData("""{"inputs": [{"name": "x", "shape": [1], "datatype": "FP32", "data": [NaN]}]}""", "the body is not JSON: 'N'")]
    [InlineData("[]", "the body is an array; send an object")]
    [InlineData("{}", "the body has no inputs; send them as in")]
    [InlineData("""{"inputs": 5}""", "inputs is 5; send an array")]
    [InlineData("""{"inputs": [5]}""", "input 'inputs[0]' is 5; send an object")]
    [InlineData("""{"inputs": [], "inputs": []}""", "the body has inputs twice")]
    [InlineData("""{"inputs": [], "outputs": 5}""", "outputs is 5; send an array")]
    [InlineData("""{"inputs": [], "outputs": [5]}""", "outputs[0] is 5; send an object")]
    [InlineData("""{"inputs": [], "outputs": [{}]}""", "outputs[0] has no name")]
    [InlineData("""{"inputs": [], "outputs": [{"name": "y", "parameters": {"binary_data": 1}}]}""", "parameter 'binary_data' is 1; send true or false")]
    [InlineData("""{"inputs": [], "outputs": [{"name": "y", "parameters": {"shared_memory_region": "r"}}]}""", "outputs[0] asks for shared memory")]
    [InlineData("""{"inputs": [], "id": 5}""", "id is 5; send a string")]
    [InlineData("""{"inputs": [], "id": "\ud800"}""", "id is the string")]
    [InlineData("""{"inputs": [], "parameters": 5}""", "parameters of the request is 5; send an object")]
    [InlineData("""{"inputs": [{"shape": [1], "datatype": "FP32", "data": [1]}]}""", "input 'inputs[0]' has no name")]
    [InlineData("""{"inputs": [{"name": "x", "datatype": "FP32", "data": [1]}]}""", "input 'x' has no shape")]
    [InlineData("""{"inputs": [{"name": "x", "shape": [1], "data": [1]}]}""", "input 'x' has no datatype; send one of BOOL, UINT8")]
    [InlineData("""{"inputs": [{"name": "x", "shape": [1], "datatype": "FLOAT", "data": [1]}]}""", "input 'x' has the datatype the string 'FLOAT'; send one of BOOL, UINT8")]
    [InlineData("""{"inputs": [{"name": "x", "shape": [1], "datatype": "FP32"}]}""", "input 'x' has no data; send data")]
    [InlineData("""{"inputs": [{"name": "", "shape": [1], "datatype": "FP32", "data": [1]}]}""", "input 'inputs[0]' has the name")]
    [InlineData("""{"inputs": [{"name": "x", "name": "x"}]}""", "input 'x' has name twice")]
    [InlineData("""{"inputs": [{"name": "x", "data": [1], "data": [1]}]}""", "input 'x' has data twice")]
    [InlineData("""{"inputs": [{"name": "x", "shape": [1], "datatype": "FP32", "parameters": {"shared_memory_region": "r"}}]}""", "input 'x' is in shared memory")]
    public void Read_NoRequest_IsToldWithTheRemedy(string json, string fault) => Assert.StartsWith(fault, Fault(json), StringComparison.Ordinal);

    [Fact]
    public void Read_TenThousandDeep_IsRefused()
    {
        var deep = new string('[', 10_000);

        Assert.StartsWith("the body is an array", Fault(deep), StringComparison.Ordinal);
        Assert.StartsWith("the body is not JSON: The maximum configured depth of 64", Fault($$"""{"a": {{deep}}"""), StringComparison.Ordinal);
        Assert.StartsWith("the body is not JSON: The maximum configured depth of 64", Fault($$"""{"inputs": [{"name": "x", "data": {{deep}}"""), StringComparison.Ordinal);
        Assert.StartsWith("data of input 'x' is nested more than 2 deep", Fault($$"""{"inputs": [{"name": "x", "shape": [1, 1], "datatype": "FP32", "data": {{deep}}"""), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_EmptyListOfOutputs_AsksForAll() => Assert.Null(Read("""{"inputs": [], "outputs": []}""").ToRequest(null).Outputs);

    // 32 rows of 32 numbers in 9 KB of JSON: the tensor's 4 KB, and little besides.
    [Fact]
    public void Read_RowsOfNumbers_AllocatesLittleBesideTheTensor()
    {
        var elements = string.Join(",", Enumerable.Range(0, 32 * 32).Select(i => (i / 7f).ToString(System.Globalization.CultureInfo.InvariantCulture)));
        var bytes = Encoding.UTF8.GetBytes($$"""{"id": "1", "inputs": [{"name": "x", "shape": [32, 32], "datatype": "FP32", "data": [{{elements}}]}]}""");
        var json = Pieces.Of(bytes, 4096);
        InferJsonReader.Read(json, default);

        var before = GC.GetAllocatedBytesForCurrentThread();
        var body = InferJsonReader.Read(json, default);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        TestContext.Current.TestOutputHelper?.WriteLine($"{bytes.Length} bytes of JSON: {allocated} bytes allocated, {body.Inputs[0].Data.Length} of them the tensor");
        Assert.InRange(allocated - body.Inputs[0].Data.Length, 0, 700);
    }

    private static Tensor ReadInput(string input) => Assert.Single(Read($$"""{"inputs": [{{input}}]}""").Inputs);

    // Whole, and in pieces of one byte: what is read must not depend on how it came.
    private static InferBody Read(string json)
    {
        var bytes = Encoding.UTF8.GetBytes(json);
        var whole = InferJsonReader.Read(Pieces.Of(bytes, bytes.Length), default);
        var pieces = InferJsonReader.Read(Pieces.Of(bytes, 1), default);
        Assert.Equal(whole.Inputs.Select(input => Convert.ToHexString(input.Data)), pieces.Inputs.Select(input => Convert.ToHexString(input.Data)));
        return pieces;
    }

    private static string Fault(string json)
    {
        var bytes = Encoding.UTF8.GetBytes(json);
        var whole = Assert.Throws<InferenceException>(() => InferJsonReader.Read(Pieces.Of(bytes, bytes.Length), default));
        var pieces = Assert.Throws<InferenceException>(() => InferJsonReader.Read(Pieces.Of(bytes, 1), default));
        Assert.Equal((InferenceErrorCode.InvalidInput, InferenceErrorCode.InvalidInput), (whole.Code, pieces.Code));

        // The reader quotes what it has of a broken word, which depends on how it came.
        if (!whole.Message.StartsWith("the body is not JSON", StringComparison.Ordinal)) Assert.Equal(whole.Message, pieces.Message);
        return whole.Message;
    }

    private static byte[] Bytes<T>(params ReadOnlySpan<T> values)
        where T : unmanaged => MemoryMarshal.AsBytes(values).ToArray();
}

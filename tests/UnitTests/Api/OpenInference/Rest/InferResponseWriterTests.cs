using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using OrleansInference;
using OrleansInference.Api.OpenInference.Rest;

namespace UnitTests.Api.OpenInference.Rest;

public sealed class InferResponseWriterTests
{
    [Fact]
    public async Task WriteAsync_Answer_IsInTheProtocolsWords()
    {
        var (response, body) = await WriteAsync(new InferBody { Id = "é\"1" }, Tensor.Create<float>("y", TensorDatatype.FP32, [1, 2], [0.1f, -3]));

        Assert.Equal("""{"model_name":"m","model_version":"3","id":"é\"1","outputs":[{"name":"y","datatype":"FP32","shape":[1,2],"data":[0.1,-3]}]}""", Encoding.UTF8.GetString(body));
        Assert.Equal(("application/json", (long?)body.Length), (response.ContentType, response.ContentLength));
    }

    [Fact]
    public async Task WriteAsync_NoId_LeavesItOut()
    {
        var (_, body) = await WriteAsync(new InferBody(), Tensor.Create<byte>("y", TensorDatatype.UINT8, [0], []));

        Assert.Equal("""{"model_name":"m","model_version":"3","outputs":[{"name":"y","datatype":"UINT8","shape":[0],"data":[]}]}""", Encoding.UTF8.GetString(body));
    }

    public static TheoryData<TensorDatatype, byte[], string> Elements => new()
    {
        { TensorDatatype.BOOL, [1, 0], "[true,false]" },
        { TensorDatatype.UINT8, [0, 255], "[0,255]" },
        { TensorDatatype.INT8, [128, 127], "[-128,127]" },
        { TensorDatatype.UINT16, Bytes<ushort>(65535), "[65535]" },
        { TensorDatatype.INT16, Bytes<short>(-32768), "[-32768]" },
        { TensorDatatype.UINT32, Bytes(uint.MaxValue), "[4294967295]" },
        { TensorDatatype.INT32, Bytes(int.MinValue), "[-2147483648]" },
        { TensorDatatype.UINT64, Bytes(ulong.MaxValue), "[18446744073709551615]" },
        { TensorDatatype.INT64, Bytes(long.MinValue), "[-9223372036854775808]" },
        { TensorDatatype.FP16, Bytes(Half.MaxValue, (Half)0.5, Half.NaN), "[65504,0.5,\"NaN\"]" },
        { TensorDatatype.BF16, Bytes<ushort>(0x3F80, 0xBF00, 0x7F80), "[1,-0.5,\"Infinity\"]" },
        { TensorDatatype.FP32, Bytes(0.1f, float.Epsilon, float.NegativeZero, float.NaN, float.PositiveInfinity), "[0.1,1E-45,-0,\"NaN\",\"Infinity\"]" },
        { TensorDatatype.FP64, Bytes(0.1, double.Epsilon, double.NegativeInfinity), "[0.1,5E-324,\"-Infinity\"]" },
        { TensorDatatype.BYTES, [0, 0, 0, 0, 3, 0, 0, 0, 0xC3, 0xBC, (byte)'<'], "[\"\",\"ü<\"]" },
    };

    [Theory]
    [MemberData(nameof(Elements))]
    public async Task WriteAsync_Elements_AreExact(TensorDatatype datatype, byte[] data, string expected)
    {
        var tensor = new Tensor { Name = "y", Datatype = datatype, Shape = [1], Data = data };

        var (_, body) = await WriteAsync(new InferBody(), tensor);

        Assert.Contains($"\"data\":{expected}}}", Encoding.UTF8.GetString(body), StringComparison.Ordinal);
        JsonDocument.Parse(body);
    }

    [Fact]
    public async Task WriteAsync_RandomFloats_ReadBackBitByBit()
    {
        var random = new Random(4711);
        var floats = Enumerable.Range(0, 10_000).Select(_ => BitConverter.Int32BitsToSingle(random.Next(int.MinValue, int.MaxValue))).Where(float.IsFinite).ToArray();

        var (_, body) = await WriteAsync(new InferBody(), Tensor.Create<float>("y", TensorDatatype.FP32, [floats.Length], floats));

        var read = JsonDocument.Parse(body).RootElement.GetProperty("outputs")[0].GetProperty("data").EnumerateArray().Select(element => element.GetSingle());
        Assert.Equal(floats.Select(BitConverter.SingleToInt32Bits), read.Select(BitConverter.SingleToInt32Bits));
    }

    [Fact]
    public async Task WriteAsync_LargeAnswer_IsSentInPieces()
    {
        var large = Tensor.Create<long>("y", TensorDatatype.INT64, [50_000], Enumerable.Range(0, 50_000).Select(i => (long)i).ToArray());

        using var stream = new FlushCountingStream();
        await WriteAsync(stream, new InferBody(), large, Tensor.Create<long>("z", TensorDatatype.INT64, [1], [7]));

        // 289 KB in pieces of 64 KB.
        Assert.InRange(stream.Flushes, 4, 6);
        var outputs = JsonDocument.Parse(stream.ToArray()).RootElement.GetProperty("outputs");
        Assert.Equal(Enumerable.Range(0, 50_000), outputs[0].GetProperty("data").EnumerateArray().Select(element => element.GetInt32()));
        Assert.Equal(7, outputs[1].GetProperty("data")[0].GetInt32());
    }

    [Fact]
    public async Task WriteAsync_OutputsAskedForAsBytes_StandBehindTheJson()
    {
        var asked = new InferBody { Outputs = [new("a", null), new("b", false), new("c", true)] };
        asked.Parameters.Set("binary_data_output", true);

        var (response, body) = await WriteAsync(asked, Output("a", 1, 2), Output("b", 3), Output("c", 4));

        var length = int.Parse(response.Headers["Inference-Header-Content-Length"].ToString(), CultureInfo.InvariantCulture);
        Assert.Equal(("application/octet-stream", (long?)length + 3), (response.ContentType, response.ContentLength));
        Assert.Equal([1, 2, 4], body[length..]);
        Assert.Equal(
            """{"model_name":"m","model_version":"3","outputs":[{"name":"a","datatype":"UINT8","shape":[2],"parameters":{"binary_data_size":2}},{"name":"b","datatype":"UINT8","shape":[1],"data":[3]},{"name":"c","datatype":"UINT8","shape":[1],"parameters":{"binary_data_size":1}}]}""",
            Encoding.UTF8.GetString(body[..length]));
    }

    [Fact]
    public async Task WriteAsync_LargeJsonBeforeBytes_HasItsLengthTold()
    {
        var asked = new InferBody { Outputs = [new("y", false), new("z", true)] };
        var large = Tensor.Create<long>("y", TensorDatatype.INT64, [50_000], new long[50_000]);

        var (response, body) = await WriteAsync(asked, large, Output("z", 9));

        Assert.Equal(body.Length, response.ContentLength);
        Assert.Equal((body.Length - 1).ToString(CultureInfo.InvariantCulture), response.Headers["Inference-Header-Content-Length"]);
        Assert.Equal(9, body[^1]);
    }

    [Fact]
    public async Task WriteAsync_StringsThatAreNoText_AreRefusedBeforeTheFirstByte()
    {
        var output = new Tensor { Name = "y", Datatype = TensorDatatype.BYTES, Shape = [2], Data = [1, 0, 0, 0, 65, 1, 0, 0, 0, 0xFF] };

        var fault = await Assert.ThrowsAsync<InferenceException>(() => WriteAsync(new InferBody(), output));
        var (_, body) = await WriteAsync(new InferBody { Outputs = [new("y", true)] }, output);

        Assert.Equal((InferenceErrorCode.InvalidInput, "output 'y', element 1, is no UTF-8 text, which JSON cannot hold; ask for the output with binary_data: true"), (fault.Code, fault.Message));
        Assert.Equal(output.Data, body[^10..]);
    }

    private static Tensor Output(string name, params byte[] data) => new() { Name = name, Datatype = TensorDatatype.UINT8, Shape = [data.Length], Data = data };

    private static async Task<(HttpResponse Response, byte[] Body)> WriteAsync(InferBody asked, params Tensor[] outputs)
    {
        using var stream = new MemoryStream();
        var response = await WriteAsync(stream, asked, outputs);
        return (response, stream.ToArray());
    }

    private static async Task<HttpResponse> WriteAsync(MemoryStream stream, InferBody asked, params Tensor[] outputs)
    {
        var context = new DefaultHttpContext();
        context.Features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(stream));
        await InferResponseWriter.WriteAsync(context.Response, "m", asked, new InferenceResponse { Version = 3, Outputs = outputs });
        return context.Response;
    }

    private static byte[] Bytes<T>(params ReadOnlySpan<T> values)
        where T : unmanaged => MemoryMarshal.AsBytes(values).ToArray();

    private sealed class FlushCountingStream : MemoryStream
    {
        public int Flushes { get; private set; }

        public override Task FlushAsync(CancellationToken cancellationToken)
        {
            Flushes++;
            return base.FlushAsync(cancellationToken);
        }
    }
}

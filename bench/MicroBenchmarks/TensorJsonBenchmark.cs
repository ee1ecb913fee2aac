using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using BenchmarkDotNet.Attributes;
using OrleansInference.Api.OpenInference.Rest;

namespace MicroBenchmarks;

/// <summary>A request of 32 x 32 FP32 read from JSON into the tensor's bytes, out of a pipe's segments, as a socket brings it.</summary>
[MemoryDiagnoser]
public class TensorJsonBenchmark
{
    private static readonly JsonSerializerOptions Web = new(JsonSerializerDefaults.Web);

    private readonly ReadOnlySequence<byte> _json = InPipe(Json());

    [Benchmark(Baseline = true)]
    public byte[] Serializer()
    {
        var reader = new Utf8JsonReader(_json);
        return ToBytes(JsonSerializer.Deserialize<Request>(ref reader, Web)!.Inputs[0].Data);
    }

    [Benchmark]
    public byte[] Document()
    {
        using var document = JsonDocument.Parse(_json);
        var data = document.RootElement.GetProperty("inputs")[0].GetProperty("data");
        var elements = new float[data.GetArrayLength()];
        var i = 0;
        foreach (var element in data.EnumerateArray()) elements[i++] = element.GetSingle();
        return ToBytes(elements);
    }

    [Benchmark]
    public byte[] TokenByToken() => InferJsonReader.Read(_json, default).Inputs[0].Data;

    private static byte[] ToBytes(float[] elements) => MemoryMarshal.AsBytes(elements.AsSpan()).ToArray();

    private static byte[] Json()
    {
        var elements = Enumerable.Range(0, 32 * 32).Select(i => (i / 7f).ToString(CultureInfo.InvariantCulture));
        return Encoding.UTF8.GetBytes($$"""{"id": "1", "inputs": [{"name": "x", "shape": [32, 32], "datatype": "FP32", "data": [{{string.Join(",", elements)}}]}]}""");
    }

    private static ReadOnlySequence<byte> InPipe(byte[] bytes)
    {
        var pipe = new Pipe();
        pipe.Writer.Write(bytes);
        pipe.Writer.Complete();
        return pipe.Reader.TryRead(out var read) ? read.Buffer : throw new InvalidOperationException("The pipe is empty.");
    }

    private sealed record Request(string Id, Input[] Inputs);

    private sealed record Input(string Name, long[] Shape, string Datatype, float[] Data);
}

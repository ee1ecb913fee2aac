using System.Runtime.InteropServices;
using System.Text;
using OrleansInference;

namespace IntegrationTests.Serving.Differential;

/// <summary>Random questions to models: mostly such as the model declares, some with a fault.</summary>
internal sealed class RandomRequests(int seed, IReadOnlyList<ModelDescription> models)
{
    private const int MostRows = 12;
    private const double Faulty = 0.1;

    // Their graphs add many numbers up, and ONNX Runtime does so in an order that the alignment of the buffer decides. Sums of
    // small whole numbers are exact in any order.
    private static readonly HashSet<string> Sums = ["variable", "several", "no-batch"];

    private readonly Random _random = new(seed);

    public RandomRequest Next()
    {
        var model = models[_random.Next(models.Count)];
        var rows = _random.Next(MostRows + 1);
        List<Tensor> inputs = [.. model.Inputs.Select(input => NextTensor(input, rows, Sums.Contains(model.Name)))];
        if (_random.NextDouble() < Faulty) Spoil(inputs);
        return new RandomRequest(model.Name, NextVersion(model), inputs);
    }

    private string? NextVersion(ModelDescription model) => _random.Next(3) switch
    {
        0 => null,
        1 => $"{model.Versions[_random.Next(model.Versions.Count)]}",
        _ => _random.NextDouble() < Faulty ? "99" : $"{model.Versions[^1]}",
    };

    private Tensor NextTensor(TensorMetadata input, int rows, bool sums)
    {
        // One input's variable dimensions are any; the rows of all are the same.
        long[] shape = [.. input.Shape.Select((dimension, i) => dimension >= 0 ? dimension : i == 0 ? rows : _random.Next(1, 4))];
        return new Tensor { Name = input.Name, Datatype = input.Datatype, Shape = shape, Data = NextData(input.Datatype, shape, sums) };
    }

    private byte[] NextData(TensorDatatype datatype, long[] shape, bool sums)
    {
        var elements = (int)shape.Aggregate(1L, (product, dimension) => product * dimension);
        return [.. Enumerable.Range(0, elements).SelectMany(_ => NextElement(datatype, sums))];
    }

    private byte[] NextElement(TensorDatatype datatype, bool sums) => datatype switch
    {
        TensorDatatype.BOOL => [(byte)_random.Next(2)],
        TensorDatatype.FP32 => Bytes(sums ? (float)_random.Next(-1000, 1000) : NextFloat()),
        TensorDatatype.FP64 => Bytes((_random.NextDouble() - 0.5) * Math.Pow(10, _random.Next(-300, 300))),
        TensorDatatype.BYTES => JsonTensors.Text(Encoding.UTF8.GetBytes(NextText())),
        // A half that is a number, of either kind: the exponent is not all ones.
        TensorDatatype.FP16 or TensorDatatype.BF16 => Bytes((ushort)(_random.Next(1 << 16) & 0xBBFF)),
        TensorDatatype.INT8 or TensorDatatype.UINT8 => Bytes((byte)_random.Next(1 << 8)),
        TensorDatatype.INT16 or TensorDatatype.UINT16 => Bytes((ushort)_random.Next(1 << 16)),
        TensorDatatype.INT32 or TensorDatatype.UINT32 => Bytes((uint)_random.NextInt64(1L << 32)),
        _ => Bytes(_random.NextInt64(long.MinValue, long.MaxValue)),
    };

    // Down to subnormals and minus zero; sums and products stay finite, since JSON has no infinity.
    private float NextFloat() => _random.Next(20) is 0 ? -0f : (float)((_random.NextDouble() - 0.5) * Math.Pow(10, _random.Next(-44, 15)));

    private string NextText() => string.Concat(Enumerable.Range(0, _random.Next(6)).Select(_ => _random.Next(4) is 0 ? "😀" : $"{(char)_random.Next(0x20, 0x500)}"));

    private void Spoil(List<Tensor> inputs)
    {
        var i = _random.Next(inputs.Count);
        var input = inputs[i];
        switch (_random.Next(4))
        {
            case 0:
                inputs.RemoveAt(i);
                break;
            case 1:
                inputs[i] = input with { Name = $"{input.Name}s" };
                break;
            case 2:
                inputs.Add(input);
                break;
            default:
                long[] shape = [.. input.Shape, 1, 1];
                inputs[i] = input with { Shape = shape };
                break;
        }
    }

    private static byte[] Bytes<T>(T element)
        where T : unmanaged => MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in element)).ToArray();
}

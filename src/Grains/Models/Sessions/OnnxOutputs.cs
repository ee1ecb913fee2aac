using System.Buffers;
using Microsoft.ML.OnnxRuntime;

namespace OrleansInference.Grains.Models.Sessions;

/// <summary>The output tensors of one run where their shape is known ahead: memory of ours that the model writes to.</summary>
/// <remarks>
/// A request alone gets the very arrays that it is answered with; the rows of several go to buffers that are kept from run to
/// run, and each is given a copy of its own. Used by one run at a time.
/// </remarks>
internal sealed class OnnxOutputs(IReadOnlyList<KnownOutput> known) : IDisposable
{
    private readonly OrtValue[] _values = new OrtValue[known.Count];
    private readonly MemoryHandle[] _pins = new MemoryHandle[known.Count];
    private readonly PinnedBuffer[] _buffers = [.. known.Select(_ => new PinnedBuffer())];
    private readonly byte[]?[] _answers = new byte[]?[known.Count];

    public IReadOnlyCollection<OrtValue> Values => _values;

    public void Bind(InferenceBatch batch)
    {
        var alone = batch.Slices.Length == 1;
        for (var i = 0; i < _values.Length; i++)
        {
            var length = batch.Rows * known[i].BytesPerRow;
            var address = alone && Wants(batch.Slices[0].Outputs, i) ? Own(i, length) : Shared(i, length);
            _values[i] = OrtValue.CreateTensorValueWithData(
                OrtMemoryInfo.DefaultInstance, OnnxDatatypes.ToOnnx(known[i].Tensor.Datatype), known[i].Shape(batch.Rows), address, length);
        }
    }

    public void Answer(InferenceBatch batch)
    {
        var firstRow = 0;
        for (var i = 0; i < batch.Slices.Length; i++)
        {
            ref readonly var slice = ref batch.Slices[i];
            var outputs = new Tensor[slice.Outputs.Count];
            for (var j = 0; j < outputs.Length; j++) outputs[j] = Read(slice.Outputs[j], firstRow, slice.Rows);
            batch.Answer(i, outputs);
            firstRow += slice.Rows;
        }
    }

    /// <summary>Lets go of what <see cref="Bind"/> took; the buffers stay.</summary>
    public void Release()
    {
        for (var i = 0; i < _values.Length; i++)
        {
            _values[i]?.Dispose();
            _values[i] = null!;
            _pins[i].Dispose();
            _pins[i] = default;
            _answers[i] = null;
            _buffers[i].Trim();
        }
    }

    public void Dispose() => Release();

    private unsafe nint Own(int output, int length)
    {
        var answer = GC.AllocateUninitializedArray<byte>(length);
        _answers[output] = answer;
        _pins[output] = answer.AsMemory().Pin();
        return (nint)_pins[output].Pointer;
    }

    private nint Shared(int output, int length)
    {
        _buffers[output].Reserve(length);
        return _buffers[output].Address;
    }

    private Tensor Read(int output, int firstRow, int rows)
    {
        var bytesPerRow = known[output].BytesPerRow;
        return new Tensor
        {
            Name = known[output].Tensor.Name,
            Datatype = known[output].Tensor.Datatype,
            Shape = known[output].Shape(rows),
            Data = _answers[output] ?? _buffers[output].Reserve((firstRow + rows) * bytesPerRow).Slice(firstRow * bytesPerRow, rows * bytesPerRow).ToArray(),
        };
    }

    private static bool Wants(IReadOnlyList<int> outputs, int output)
    {
        for (var i = 0; i < outputs.Count; i++)
        {
            if (outputs[i] == output) return true;
        }

        return false;
    }
}

/// <summary>An output whose size follows from the number of rows.</summary>
internal sealed record KnownOutput(TensorMetadata Tensor, int BytesPerRow)
{
    private const int MaxElementsPerRow = 1 << 20;
    private const long MaxBytes = 256 << 20;

    // Of nearly all requests, and shared by their answers: no tensor's shape is written to.
    private readonly long[] _ofOneRow = ShapeOf(Tensor, rows: 1);

    /// <summary>Whether so many rows are no more than one array should hold.</summary>
    public bool Fits(int rows) => (long)rows * BytesPerRow <= MaxBytes;

    /// <summary>Null where the shape shows only when the model has run.</summary>
    public static KnownOutput? From(TensorMetadata tensor)
    {
        if (tensor.Datatype is TensorDatatype.BYTES) return null;
        long elements = 1;
        foreach (var size in tensor.Shape.Skip(1)) elements = size < 0 ? 0 : elements * size;
        return elements is 0 or > MaxElementsPerRow ? null : new KnownOutput(tensor, (int)elements * OnnxDatatypes.SizeOf(tensor.Datatype));
    }

    public long[] Shape(int rows) => rows == 1 ? _ofOneRow : ShapeOf(Tensor, rows);

    private static long[] ShapeOf(TensorMetadata tensor, int rows)
    {
        var shape = new long[tensor.Shape.Count];
        shape[0] = rows;
        for (var i = 1; i < shape.Length; i++) shape[i] = tensor.Shape[i];
        return shape;
    }
}

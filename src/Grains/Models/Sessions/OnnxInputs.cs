using System.Buffers;
using Microsoft.ML.OnnxRuntime;

namespace OrleansInference.Grains.Models.Sessions;

/// <summary>The input tensors of one run: a request alone is read where it lies, several are copied together.</summary>
/// <remarks>Kept from run to run for its buffers. Used by one run at a time.</remarks>
internal sealed class OnnxInputs(IReadOnlyList<TensorMetadata> declared) : IDisposable
{
    private readonly OrtValue[] _values = new OrtValue[declared.Count];
    private readonly MemoryHandle[] _pins = new MemoryHandle[declared.Count];
    private readonly PinnedBuffer[] _buffers = [.. declared.Select(_ => new PinnedBuffer())];
    private readonly long[][] _shapes = [.. declared.Select(input => new long[input.Shape.Count])];

    public IReadOnlyCollection<OrtValue> Values => _values;

    public void Bind(InferenceBatch batch)
    {
        for (var i = 0; i < _values.Length; i++)
        {
            var shape = ShapeOf(i, batch);
            _values[i] = declared[i].Datatype is TensorDatatype.BYTES ? Strings(i, batch, shape) : Numbers(i, batch, shape);
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
            _buffers[i].Trim();
        }
    }

    public void Dispose() => Release();

    private long[] ShapeOf(int input, InferenceBatch batch)
    {
        var slices = batch.Slices;
        var first = slices[0].Inputs[input].Shape;
        if (slices is [{ IsWhole: true }]) return first;

        var shape = _shapes[input];
        first.CopyTo(shape, 0);
        shape[0] = batch.Rows;
        return shape;
    }

    private OrtValue Numbers(int input, InferenceBatch batch, long[] shape)
    {
        var (address, length) = batch.Slices.Length == 1 ? InPlace(input, batch.Slices[0]) : Joined(input, batch);
        return OrtValue.CreateTensorValueWithData(OrtMemoryInfo.DefaultInstance, OnnxDatatypes.ToOnnx(declared[input].Datatype), shape, address, length);
    }

    private unsafe (nint Address, int Length) InPlace(int input, in BatchSlice slice)
    {
        var (offset, length) = Place(slice, input);
        _pins[input] = slice.Inputs[input].Data.AsMemory().Pin();
        return ((nint)_pins[input].Pointer + offset, length);
    }

    private (nint Address, int Length) Joined(int input, InferenceBatch batch)
    {
        var length = 0;
        foreach (ref readonly var slice in batch.Slices) length = checked(length + Place(slice, input).Length);

        var rest = _buffers[input].Reserve(length);
        foreach (ref readonly var slice in batch.Slices)
        {
            var (offset, size) = Place(slice, input);
            slice.Inputs[input].Data.AsSpan(offset, size).CopyTo(rest);
            rest = rest[size..];
        }

        return (_buffers[input].Address, length);
    }

    private static OrtValue Strings(int input, InferenceBatch batch, long[] shape)
    {
        var value = OrtValue.CreateTensorWithEmptyStrings(OrtAllocator.DefaultInstance, shape);
        var position = 0;
        foreach (ref readonly var slice in batch.Slices)
        {
            var tensor = slice.Inputs[input];
            var (elements, perRow) = Elements(tensor);
            var count = slice.IsWhole ? elements : slice.Rows * perRow;
            OnnxStrings.Fill(value, position, tensor.Data, slice.IsWhole ? 0 : slice.FirstRow * perRow, count);
            position += (int)count;
        }

        return value;
    }

    private static (int Offset, int Length) Place(in BatchSlice slice, int input)
    {
        var tensor = slice.Inputs[input];
        if (slice.IsWhole) return (0, tensor.Data.Length);
        var perRow = tensor.Data.Length / (int)tensor.Shape[0];
        return (slice.FirstRow * perRow, slice.Rows * perRow);
    }

    private static (long All, long PerRow) Elements(Tensor tensor)
    {
        var all = 1L;
        foreach (var size in tensor.Shape) all *= size;
        return (all, all == 0 || tensor.Shape is [] ? 0 : all / tensor.Shape[0]);
    }
}

using System.Buffers;
using System.Buffers.Binary;
using System.Text.Json;

namespace OrleansInference.Api.OpenInference.Rest;

/// <summary>Reads one <c>data</c> array, flat or nested as its shape says, straight into the tensor's bytes.</summary>
internal ref struct TensorDataReader
{
    // In JSON an element takes two bytes at least: itself and what separates it from the next.
    private const int LeastJsonBytes = 2;
    private const int PrefixBytes = sizeof(uint);

    private readonly string _input;
    private readonly TensorDatatype _datatype;
    private readonly long[] _shape;
    private readonly long _elements;
    private readonly int _size;
    private readonly byte[] _data;
    private readonly ArrayBufferWriter<byte>? _strings;

    // By depth, the members of the arrays that are open; null while data is flat.
    private long[]? _members;

    // Where elements stand: 1 in flat data, the rank in nested; 0 until the first member tells.
    private int _leaf;
    private int _depth;
    private long _count;

    /// <param name="input">The input's name in messages.</param>
    /// <param name="datatype">What the elements are.</param>
    /// <param name="shape">The shape that data must have; checked before.</param>
    /// <param name="elements">The elements that the shape stands for.</param>
    /// <param name="jsonBytes">The JSON that is left to read: no shape makes us allocate for more than can follow.</param>
    public TensorDataReader(string input, TensorDatatype datatype, long[] shape, long elements, long jsonBytes)
    {
        _input = input;
        _datatype = datatype;
        _shape = shape;
        _elements = elements;
        _size = Datatypes.SizeOf(datatype);
        _data = GC.AllocateUninitializedArray<byte>(checked((int)Math.Min(Array.MaxLength, Math.Min(elements, jsonBytes / LeastJsonBytes + 1) * _size)));
        _strings = datatype is TensorDatatype.BYTES ? new ArrayBufferWriter<byte>() : null;
    }

    /// <summary>Reads the array that the reader stands at.</summary>
    /// <exception cref="InferenceException">InvalidInput: ragged, too few or many elements, or one that the datatype cannot hold.</exception>
    public byte[] Read(ref Utf8JsonReader json)
    {
        if (json.TokenType is not JsonTokenType.StartArray) throw Fault($"is {OpenInferenceJson.Describe(ref json)}; send an array of the elements");
        do
        {
            if (json.TokenType is JsonTokenType.StartArray) Open();
            else if (json.TokenType is JsonTokenType.EndArray) Close();
            else Add(ref json);
        }
        while (_depth > 0 && json.Read());

        if (_count != _elements) throw Fault($"holds {_count} elements, but shape {TensorShapes.ToText(_shape)} takes {_elements}; make shape and data agree");
        return _strings is null ? _data : _strings.WrittenSpan.ToArray();
    }

    private void Open()
    {
        if (_depth == 1 && _leaf == 0) Nest();
        if (_depth > 0 && _members is null) throw Fault($"mixes elements and arrays (element {_count}); send it flat, or nested as shape {TensorShapes.ToText(_shape)} says");
        if (_depth > 0 && _depth == _leaf) throw Fault($"is nested more than {_leaf} deep at element {_count}, but shape {TensorShapes.ToText(_shape)} has {_leaf} dimensions; send it flat, or nested as the shape says");
        if (_depth > 0) _members![_depth - 1]++;
        _depth++;
    }

    private void Nest()
    {
        if (_shape.Length < 2) throw Fault($"is nested, but shape {TensorShapes.ToText(_shape)} has {_shape.Length} dimensions; send it flat, or the shape of the data");
        _leaf = _shape.Length;
        _members = new long[_leaf];
    }

    private void Add(ref Utf8JsonReader json)
    {
        if (_leaf == 0) _leaf = 1;
        if (_depth != _leaf) throw Fault($"is ragged: an element stands {_depth} deep after {_count} elements, but shape {TensorShapes.ToText(_shape)} has {_leaf} dimensions; send it flat, or nested as the shape says");
        if (_members is not null) _members[_depth - 1]++;
        if (_count < _elements && !TryTake(ref json)) throw InferenceException.InvalidInput(new FieldError($"input '{_input}', element {_count},", ElementFaults.Explain(ref json, _datatype), null));
        _count++;
    }

    private readonly bool TryTake(ref Utf8JsonReader json) =>
        _strings is null ? JsonElements.TryRead(ref json, _datatype, _data.AsSpan((int)_count * _size)) : TryTakeString(ref json, _strings);

    private static bool TryTakeString(ref Utf8JsonReader json, ArrayBufferWriter<byte> strings)
    {
        if (json.TokenType is not JsonTokenType.String) return false;

        // Escapes only ever shrink.
        var most = json.HasValueSequence ? (int)json.ValueSequence.Length : json.ValueSpan.Length;
        var destination = strings.GetSpan(PrefixBytes + most);
        try
        {
            var length = json.CopyString(destination[PrefixBytes..]);
            BinaryPrimitives.WriteInt32LittleEndian(destination, length);
            strings.Advance(PrefixBytes + length);
            return true;
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair or broken UTF-8.
            return false;
        }
    }

    private void Close()
    {
        if (_members is not null)
        {
            var (came, wanted) = (_members[_depth - 1], _shape[_depth - 1]);
            if (came != wanted) throw Fault($"is ragged: the array that ends after {_count} elements, {_depth} deep, has {came} members, but shape {TensorShapes.ToText(_shape)} wants {wanted} there; make shape and data agree");
            _members[_depth - 1] = 0;
        }

        _depth--;
    }

    private readonly InferenceException Fault(string fault) => OpenInferenceJson.Fault($"data of input '{_input}'", fault);
}

using System.Text.Json;

namespace OrleansInference.Api.OpenInference.Rest;

/// <summary>Reads one object of <c>inputs</c>. Its keys may come in any order: data that comes before its datatype and shape is passed over and read last.</summary>
internal ref struct InputReader(int index, long jsonLength)
{
    private string? _name;
    private TensorDatatype _datatype;
    private long[]? _shape;
    private long _elements;
    private byte[]? _data;
    private long? _binarySize;
    private bool _hasData;

    // Where data begins, while the reader has gone on.
    private Utf8JsonReader _later;

    private readonly string Label => _name ?? $"inputs[{index}]";

    public Tensor Read(ref Utf8JsonReader json, ref BinaryTail tail)
    {
        if (json.TokenType is not JsonTokenType.StartObject) throw Fault($"is {OpenInferenceJson.Describe(ref json)}; send an object with name, datatype, shape and data");
        while (json.Read() && json.TokenType is JsonTokenType.PropertyName) ReadMember(ref json);

        if (_name is null) throw Fault("has no name; send the name of the model's input");
        if (_datatype == 0) throw Fault($"has no datatype; send one of {Datatypes.Known}");
        if (_shape is null) throw Fault("has no shape; send its dimensions, the first being the batch");
        return new Tensor { Name = _name, Datatype = _datatype, Shape = _shape, Data = TakeData(ref tail) };
    }

    private void ReadMember(ref Utf8JsonReader json)
    {
        if (json.ValueTextEquals("name"u8)) ReadName(ref json);
        else if (json.ValueTextEquals("datatype"u8)) ReadDatatype(ref json);
        else if (json.ValueTextEquals("shape"u8)) ReadShape(ref json);
        else if (json.ValueTextEquals("parameters"u8)) ReadParameters(ref json);
        else if (json.ValueTextEquals("data"u8)) ReadData(ref json);
        else json.Skip();
    }

    private void ReadName(ref Utf8JsonReader json)
    {
        json.Read();
        ThrowIfTwice(_name is not null, "name");
        _name = json.TokenType is JsonTokenType.String && OpenInferenceJson.ReadText(ref json) is { Length: > 0 } name
            ? name
            : throw Fault($"has the name {OpenInferenceJson.Describe(ref json)}; send the name of the model's input, a string");
    }

    private void ReadDatatype(ref Utf8JsonReader json)
    {
        json.Read();
        ThrowIfTwice(_datatype != 0, "datatype");
        if (json.TokenType is not JsonTokenType.String || !Datatypes.TryParse(OpenInferenceJson.ReadText(ref json) ?? "", out _datatype))
            throw Fault($"has the datatype {OpenInferenceJson.Describe(ref json)}; send one of {Datatypes.Known}");
    }

    private void ReadShape(ref Utf8JsonReader json)
    {
        json.Read();
        ThrowIfTwice(_shape is not null, "shape");
        if (json.TokenType is not JsonTokenType.StartArray) throw Fault($"has the shape {OpenInferenceJson.Describe(ref json)}; send an array of its dimensions");

        Span<long> dimensions = stackalloc long[TensorShapes.MaxRank];
        var rank = 0;
        while (json.Read() && json.TokenType is not JsonTokenType.EndArray)
        {
            if (json.TokenType is not JsonTokenType.Number || !json.TryGetInt64(out var dimension)) throw Fault($"has {OpenInferenceJson.Describe(ref json)} in its shape; send whole numbers");
            if (rank == TensorShapes.MaxRank) throw Fault($"has more than {TensorShapes.MaxRank} dimensions; send fewer");
            dimensions[rank++] = dimension;
        }

        _shape = dimensions[..rank].ToArray();
        if (TensorShapes.Check(_shape, out _elements) is { } fault) throw Fault(fault);
    }

    private void ReadParameters(ref Utf8JsonReader json)
    {
        foreach (var (name, value) in ParametersReader.Read(ref json, Label))
        {
            if (name is "binary_data_size") _binarySize = value.Integer ?? throw RequestParameters.Fault(name, value, $"the bytes of input '{Label}'");
            else if (name.StartsWith("shared_memory", StringComparison.Ordinal)) throw Fault("is in shared memory, which this server does not read; send data, or binary data");
        }
    }

    private void ReadData(ref Utf8JsonReader json)
    {
        json.Read();
        ThrowIfTwice(_hasData, "data");
        _hasData = true;
        if (_datatype != 0 && _shape is not null)
        {
            _data = ReadArray(ref json);
            return;
        }

        _later = json;
        json.Skip();
    }

    private byte[] TakeData(ref BinaryTail tail)
    {
        if (_binarySize is not { } size) return _data ?? (_hasData ? ReadArray(ref _later) : throw Fault("has no data; send data, or its bytes behind the JSON and their binary_data_size"));
        if (_hasData) throw Fault("has both data and binary_data_size; send one of them");

        var data = tail.Take(Label, size);
        return RawTensors.Check(_datatype, _shape, _elements, data) is { } fault ? throw Fault(fault) : data;
    }

    private readonly byte[] ReadArray(ref Utf8JsonReader json) =>
        new TensorDataReader(Label, _datatype, _shape!, _elements, jsonLength - json.BytesConsumed).Read(ref json);

    private readonly void ThrowIfTwice(bool isThere, string member)
    {
        if (isThere) throw Fault($"has {member} twice; send it once");
    }

    private readonly InferenceException Fault(string fault) => OpenInferenceJson.Fault($"input '{Label}'", fault);
}

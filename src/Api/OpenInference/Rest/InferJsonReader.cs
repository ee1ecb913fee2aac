using System.Buffers;
using System.Text.Json;

namespace OrleansInference.Api.OpenInference.Rest;

/// <summary>Reads an inference request's JSON token by token; the tensors' elements become bytes as they pass.</summary>
internal ref struct InferJsonReader
{
    private const string Example = """{"inputs": [{"name": "x", "shape": [1, 2], "datatype": "FP32", "data": [1, 2]}]}""";

    private readonly InferBody _body = new();
    private readonly long _length;
    private Utf8JsonReader _json;
    private BinaryTail _tail;
    private bool _hasInputs;

    private InferJsonReader(ReadOnlySequence<byte> json, BinaryTail tail)
    {
        _length = json.Length;
        _json = new Utf8JsonReader(json, OpenInferenceJson.Reading);
        _tail = tail;
    }

    /// <param name="json">The whole JSON.</param>
    /// <param name="tail">The bytes behind it.</param>
    /// <exception cref="InferenceException">InvalidInput: not JSON, or not a request.</exception>
    public static InferBody Read(ReadOnlySequence<byte> json, BinaryTail tail)
    {
        if (json.IsEmpty) throw OpenInferenceJson.Fault("", $"is empty; send JSON such as {Example}");
        try
        {
            return new InferJsonReader(json, tail).Read();
        }
        catch (JsonException e)
        {
            throw OpenInferenceJson.Fault("", $"is not JSON: {e.Message} Send JSON such as {Example}");
        }
    }

    private InferBody Read()
    {
        _json.Read();
        if (_json.TokenType is not JsonTokenType.StartObject) throw OpenInferenceJson.Fault("", $"is {OpenInferenceJson.Describe(ref _json)}; send an object such as {Example}");
        while (_json.Read() && _json.TokenType is JsonTokenType.PropertyName) ReadMember();

        // Whatever follows the object must be nothing: the reader throws at the first byte that is more.
        _json.Read();
        if (!_hasInputs) throw OpenInferenceJson.Fault("", $"has no inputs; send them as in {Example}");
        _tail.ThrowIfLeft();
        return _body;
    }

    private void ReadMember()
    {
        if (_json.ValueTextEquals("inputs"u8)) ReadInputs();
        else if (_json.ValueTextEquals("outputs"u8)) ReadOutputs();
        else if (_json.ValueTextEquals("id"u8)) ReadId();
        else if (_json.ValueTextEquals("parameters"u8)) ReadParameters();
        else _json.Skip();
    }

    private void ReadInputs()
    {
        if (_hasInputs) throw OpenInferenceJson.Fault("", "has inputs twice; send them once");
        _hasInputs = true;
        EnterArray("inputs");
        while (_json.Read() && _json.TokenType is not JsonTokenType.EndArray) _body.Inputs.Add(new InputReader(_body.Inputs.Count, _length).Read(ref _json, ref _tail));
    }

    private void ReadOutputs()
    {
        if (_body.Outputs is not null) throw OpenInferenceJson.Fault("", "has outputs twice; send them once");
        _json.Read();
        if (_json.TokenType is JsonTokenType.Null) return;
        if (_json.TokenType is not JsonTokenType.StartArray) throw OpenInferenceJson.Fault("outputs", $"is {OpenInferenceJson.Describe(ref _json)}; send an array, or leave it out for all outputs");

        var outputs = new List<RequestedOutput>();
        while (_json.Read() && _json.TokenType is not JsonTokenType.EndArray) outputs.Add(OutputReader.Read(ref _json, outputs.Count));

        // An empty list asks for nothing that makes sense; clients that build their requests from lists mean all.
        _body.Outputs = outputs.Count > 0 ? outputs : null;
    }

    private void ReadId()
    {
        _json.Read();
        if (_json.TokenType is JsonTokenType.Null) return;
        _body.Id = _json.TokenType is JsonTokenType.String && OpenInferenceJson.ReadText(ref _json) is { } id
            ? id
            : throw OpenInferenceJson.Fault("id", $"is {OpenInferenceJson.Describe(ref _json)}; send a string of valid Unicode, or leave it out");
    }

    private void ReadParameters()
    {
        foreach (var (name, value) in ParametersReader.Read(ref _json, "the request")) _body.Parameters.Set(name, value);
    }

    private void EnterArray(string member)
    {
        _json.Read();
        if (_json.TokenType is not JsonTokenType.StartArray) throw OpenInferenceJson.Fault(member, $"is {OpenInferenceJson.Describe(ref _json)}; send an array of objects");
    }
}

using System.Buffers;

namespace OrleansInference.Api.OpenInference.Rest;

/// <summary>The bytes behind a request's JSON, given out to its inputs in their order.</summary>
internal struct BinaryTail(ReadOnlySequence<byte> bytes, bool isAllowed)
{
    public const string Header = "Inference-Header-Content-Length";

    private readonly long _length = bytes.Length;
    private ReadOnlySequence<byte> _rest = bytes;

    /// <summary>The bytes of the next input.</summary>
    /// <exception cref="InferenceException">InvalidInput: there are not as many.</exception>
    public byte[] Take(string input, long size)
    {
        if (!isAllowed) throw OpenInferenceJson.Fault($"input '{input}'", $"has binary_data_size, but the request has no header {Header}; send the length of its JSON in that header");
        if (size < 0 || size > _rest.Length) throw OpenInferenceJson.Fault($"input '{input}'", $"has binary_data_size {size}, but {_rest.Length} of the {_length} bytes behind the JSON are left; send as many bytes as the inputs say");

        var taken = GC.AllocateUninitializedArray<byte>((int)size);
        _rest.Slice(0, size).CopyTo(taken);
        _rest = _rest.Slice(size);
        return taken;
    }

    /// <exception cref="InferenceException">InvalidInput: bytes are left that belong to no input.</exception>
    public readonly void ThrowIfLeft()
    {
        if (!_rest.IsEmpty) throw OpenInferenceJson.Fault("", $"has {_rest.Length} bytes more behind its JSON than the inputs' binary_data_size say; make {Header} and the sizes agree");
    }
}

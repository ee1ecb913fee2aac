using System.Buffers;

namespace OrleansInference.Api.OpenInference.Rest;

/// <summary>Reads a body in each of its three forms: JSON, JSON with tensors' bytes behind it, and one input's bytes alone.</summary>
internal static class InferBodyReader
{
    /// <param name="body">The whole body.</param>
    /// <param name="form">How it is laid out.</param>
    /// <param name="model">The model, where the body is one input's bytes alone.</param>
    public static InferBody Read(ReadOnlySequence<byte> body, InferForm form, ModelDescription? model)
    {
        if (model is not null) return ReadRaw(body, model);
        if (form.JsonLength is not { } length) return InferJsonReader.Read(body, new BinaryTail(ReadOnlySequence<byte>.Empty, isAllowed: false));
        if (length > body.Length) throw OpenInferenceJson.Fault($"header {BinaryTail.Header}", $"is {length}, but the whole body has {body.Length} bytes; send the bytes of its JSON");
        return InferJsonReader.Read(body.Slice(0, length), new BinaryTail(body.Slice(length), isAllowed: true));
    }

    private static InferBody ReadRaw(ReadOnlySequence<byte> body, ModelDescription model)
    {
        var read = new InferBody { Inputs = { RawInput.Read(body, model) } };
        read.Parameters.Set("binary_data_output", true);
        return read;
    }
}

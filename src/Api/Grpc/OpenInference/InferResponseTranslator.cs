using System.Globalization;
using Google.Protobuf;
using OrleansInference.Api.Grpc.OpenInference.Wire;
using OrleansInference.Api.OpenInference;

namespace OrleansInference.Api.Grpc.OpenInference;

/// <summary>Writes the answer to a ModelInfer request.</summary>
internal static class InferResponseTranslator
{
    /// <summary>Answers in the form of the request, as clients expect it: bytes to bytes, typed to typed where all outputs have a typed form.</summary>
    /// <remarks>The message holds on to the outputs' bytes, which are not copied.</remarks>
    public static ModelInferResponse Translate(ModelInferRequest request, InferenceResponse response)
    {
        var answer = new ModelInferResponse
        {
            ModelName = request.ModelName,
            ModelVersion = response.Version.ToString(CultureInfo.InvariantCulture),
            Id = request.Id,
        };

        // raw_output_contents holds every output or none.
        var raw = InferRequestTranslator.IsRaw(request) || !response.Outputs.All(output => TypedContents.CanHold(output.Datatype));
        foreach (var output in response.Outputs)
        {
            answer.Outputs.Add(Head(output));
            if (raw) answer.RawOutputContents.Add(UnsafeByteOperations.UnsafeWrap(output.Data));
            else answer.Outputs[^1].Contents = TypedContents.Write(output);
        }

        return answer;
    }

    private static ModelInferResponse.Types.InferOutputTensor Head(Tensor output) => new()
    {
        Name = output.Name,
        Datatype = Datatypes.NameOf(output.Datatype),
        Shape = { output.Shape },
    };
}

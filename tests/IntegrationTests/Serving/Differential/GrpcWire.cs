using Google.Protobuf;
using Grpc.Core;
using OrleansInference;
using OrleansInference.Api.Grpc.OpenInference;
using OrleansInference.Api.Grpc.OpenInference.Wire;

namespace IntegrationTests.Serving.Differential;

/// <summary>gRPC, with raw or typed contents.</summary>
internal sealed class GrpcWire(GRPCInferenceService.GRPCInferenceServiceClient client, bool raw) : IWire
{
    public string Name => raw ? "gRPC raw" : "gRPC typed";

    public bool CanCarry(TensorDatatype datatype) => raw || TypedContents.CanHold(datatype);

    public async Task<Outcome> AskAsync(RandomRequest request)
    {
        try
        {
            var answer = await client.ModelInferAsync(ToMessage(request), cancellationToken: TestContext.Current.CancellationToken);
            return Outcomes.Answered(answer.ModelVersion, answer.Outputs.Select((output, i) => ToTensor(output, raw ? answer.RawOutputContents[i] : null)));
        }
        catch (RpcException e)
        {
            return Outcomes.Failed(e.StatusCode switch
            {
                StatusCode.InvalidArgument => InferenceErrorCode.InvalidInput,
                StatusCode.NotFound => InferenceErrorCode.NotFound,
                _ => throw new InvalidOperationException($"{Name} answered {e.Status}", e),
            });
        }
    }

    private ModelInferRequest ToMessage(RandomRequest request)
    {
        var message = new ModelInferRequest { ModelName = request.Model, ModelVersion = request.Version ?? "" };
        foreach (var input in request.Inputs)
        {
            message.Inputs.Add(new ModelInferRequest.Types.InferInputTensor { Name = input.Name, Datatype = input.Datatype.ToString(), Shape = { input.Shape } });
            if (raw) message.RawInputContents.Add(ByteString.CopyFrom(input.Data));
            else message.Inputs[^1].Contents = TypedContents.Write(input);
        }

        return message;
    }

    private static Tensor ToTensor(ModelInferResponse.Types.InferOutputTensor output, ByteString? raw)
    {
        var datatype = Enum.Parse<TensorDatatype>(output.Datatype);
        long[] shape = [.. output.Shape];
        return new Tensor
        {
            Name = output.Name,
            Datatype = datatype,
            Shape = shape,
            Data = raw?.ToByteArray() ?? TypedContents.Read(output.Name, datatype, shape, shape.Aggregate(1L, (product, dimension) => product * dimension), output.Contents),
        };
    }
}

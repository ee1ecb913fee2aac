using System.Runtime.InteropServices;
using Google.Protobuf;
using Google.Protobuf.Collections;
using OrleansInference.Api.Grpc.OpenInference.Wire;
using OrleansInference.Api.OpenInference;

namespace OrleansInference.Api.Grpc.OpenInference;

/// <summary>Reads a ModelInfer request.</summary>
internal static class InferRequestTranslator
{
    /// <param name="request">The message; the tensors hold on to its raw contents, which are not copied.</param>
    /// <param name="timeLeft">What the call's deadline leaves; null for no deadline.</param>
    /// <exception cref="InferenceException">InvalidInput.</exception>
    public static InferenceRequest Translate(ModelInferRequest request, TimeSpan? timeLeft)
    {
        var parameters = new RequestParameters();
        foreach (var (name, value) in request.Parameters) Set(parameters, name, value);
        if (timeLeft is { } left) parameters.Limit(left);

        return new InferenceRequest
        {
            Version = request.ModelVersion.Length == 0 ? null : request.ModelVersion,
            Inputs = IsRaw(request) ? ReadRaw(request) : ReadTyped(request),
            Outputs = request.Outputs.Count == 0 ? null : ReadOutputs(request.Outputs),
            Priority = parameters.Priority,
            Timeout = parameters.Timeout,
            RoutingKey = parameters.RoutingKey,
            BypassCache = parameters.BypassCache,
        };
    }

    /// <summary>Whether the tensors came as bytes; the answer's come so too.</summary>
    public static bool IsRaw(ModelInferRequest request) => request.RawInputContents.Count > 0;

    private static void Set(RequestParameters parameters, string name, InferParameter parameter)
    {
        switch (parameter.ParameterChoiceCase)
        {
            case InferParameter.ParameterChoiceOneofCase.BoolParam:
                parameters.Set(name, parameter.BoolParam);
                break;
            case InferParameter.ParameterChoiceOneofCase.Int64Param:
                parameters.Set(name, parameter.Int64Param);
                break;
            case InferParameter.ParameterChoiceOneofCase.StringParam:
                parameters.Set(name, parameter.StringParam);
                break;
            case InferParameter.ParameterChoiceOneofCase.DoubleParam:
                parameters.Set(name, parameter.DoubleParam);
                break;
            case InferParameter.ParameterChoiceOneofCase.Uint64Param:
                parameters.Set(name, parameter.Uint64Param);
                break;
        }
    }

    private static Tensor[] ReadRaw(ModelInferRequest request)
    {
        if (request.RawInputContents.Count != request.Inputs.Count)
            throw Fault("", $"has {request.RawInputContents.Count} raw_input_contents for {request.Inputs.Count} inputs; send one for each input, in the order of inputs");

        var tensors = new Tensor[request.Inputs.Count];
        for (var i = 0; i < tensors.Length; i++)
        {
            var input = request.Inputs[i];
            var (label, datatype, shape, elements) = ReadHead(input, i);
            if (input.Contents is not null) throw Fault(label, "has contents beside raw_input_contents; send one of the two, for all inputs alike");

            var data = ToArray(request.RawInputContents[i]);
            if (RawTensors.Check(datatype, shape, elements, data) is { } fault) throw Fault(label, fault);
            tensors[i] = new Tensor { Name = input.Name, Datatype = datatype, Shape = shape, Data = data };
        }

        return tensors;
    }

    private static Tensor[] ReadTyped(ModelInferRequest request)
    {
        var tensors = new Tensor[request.Inputs.Count];
        for (var i = 0; i < tensors.Length; i++)
        {
            var input = request.Inputs[i];
            var (label, datatype, shape, elements) = ReadHead(input, i);
            tensors[i] = new Tensor { Name = input.Name, Datatype = datatype, Shape = shape, Data = TypedContents.Read(label, datatype, shape, elements, input.Contents) };
        }

        return tensors;
    }

    private static (string Label, TensorDatatype Datatype, long[] Shape, long Elements) ReadHead(ModelInferRequest.Types.InferInputTensor input, int index)
    {
        var label = $"input '{(input.Name.Length > 0 ? FieldError.Quote(input.Name) : $"inputs[{index}]")}'";
        if (input.Name.Length == 0) throw Fault(label, "has no name; send the name of the model's input");
        if (!Datatypes.TryParse(input.Datatype, out var datatype)) throw Fault(label, $"has the datatype '{FieldError.Quote(input.Datatype)}'; send one of {Datatypes.Known}");
        foreach (var parameter in input.Parameters.Keys)
        {
            if (parameter.StartsWith("shared_memory", StringComparison.Ordinal)) throw Fault(label, "is in shared memory, which this server does not read; send raw_input_contents");
        }

        long[] shape = [.. input.Shape];
        return TensorShapes.Check(shape, out var elements) is { } fault ? throw Fault(label, fault) : (label, datatype, shape, elements);
    }

    private static string[] ReadOutputs(RepeatedField<ModelInferRequest.Types.InferRequestedOutputTensor> outputs)
    {
        var names = new string[outputs.Count];
        for (var i = 0; i < names.Length; i++)
        {
            foreach (var parameter in outputs[i].Parameters.Keys)
            {
                if (parameter is "classification") throw Fault($"outputs[{i}]", "asks for classification, which this server does not do; take the output's numbers");
                if (parameter.StartsWith("shared_memory", StringComparison.Ordinal)) throw Fault($"outputs[{i}]", "asks for shared memory, which this server does not write; take the contents");
            }

            names[i] = outputs[i].Name;
        }

        return names;
    }

    // The parser reads each bytes field into an array of its own, which is ours as the message is.
    private static byte[] ToArray(ByteString bytes) =>
        MemoryMarshal.TryGetArray(bytes.Memory, out var segment) && segment.Array is { } array && array.Length == bytes.Length ? array : bytes.ToByteArray();

    private static InferenceException Fault(string field, string fault) => InferenceException.InvalidInput(new FieldError(field, fault, null));
}

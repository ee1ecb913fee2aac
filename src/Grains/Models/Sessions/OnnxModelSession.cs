using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace OrleansInference.Grains.Models.Sessions;

/// <summary>One ONNX Runtime session; inputs are read where they lie, outputs are copied out once.</summary>
internal sealed class OnnxModelSession : IModelSession
{
    private readonly InferenceSession _session;
    private readonly string[] _outputNames;

    public OnnxModelSession(InferenceSession session, string modelFile)
    {
        _session = session;
        Metadata = new ModelMetadata(
            [.. session.InputMetadata.Select(input => Describe(input.Key, input.Value, modelFile)!)],
            [.. session.OutputMetadata.Where(output => output.Value.IsTensor).Select(output => Describe(output.Key, output.Value, modelFile))]);
        _outputNames = [.. Metadata.Outputs.Select(output => output.Name)];
    }

    public ModelMetadata Metadata { get; }

    public IReadOnlyList<Tensor> Run(IReadOnlyList<Tensor> inputs, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var options = new RunOptions();
        using var termination = cancellationToken.UnsafeRegister(static run => ((RunOptions)run!).Terminate = true, options);
        using var bindings = new InputBindings(inputs);
        try
        {
            using var outputs = _session.Run(options, bindings.Names, bindings.Values, _outputNames);
            return [.. outputs.Select((output, i) => ToTensor(Metadata.Outputs[i], output))];
        }
        catch (OnnxRuntimeException e)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw new InferenceException(InferenceErrorCode.ModelFailed, $"The model failed on this input: {e.Message}");
        }
    }

    public void Dispose() => _session.Dispose();

    private static TensorMetadata Describe(string name, NodeMetadata node, string modelFile)
    {
        if (node.IsTensor && OnnxDatatypes.FromOnnx(node.ElementDataType) is { } datatype)
            return new TensorMetadata(name, datatype, [.. node.Dimensions.Select(dimension => (long)dimension)]);

        throw new InferenceStartupException(
            $"{modelFile}: '{name}' is {node.OnnxValueType} of {(node.IsTensor ? node.ElementDataType : "other values")}, which cannot be served. Export the model with tensors of numbers or strings.");
    }

    private static Tensor ToTensor(TensorMetadata metadata, OrtValue value)
    {
        var shape = value.GetTensorTypeAndShape().Shape;
        return new Tensor
        {
            Name = metadata.Name,
            Datatype = metadata.Datatype,
            Shape = shape,
            Data = metadata.Datatype is TensorDatatype.BYTES ? EncodeStrings(value.GetStringTensorAsArray()) : value.GetTensorMutableRawData().ToArray(),
        };
    }

    private static byte[] EncodeStrings(string[] strings)
    {
        var bytes = new ArrayBufferWriter<byte>();
        foreach (var text in strings)
        {
            BinaryPrimitives.WriteInt32LittleEndian(bytes.GetSpan(4), Encoding.UTF8.GetByteCount(text));
            bytes.Advance(4);
            Encoding.UTF8.GetBytes(text, bytes);
        }

        return bytes.WrittenSpan.ToArray();
    }

    /// <summary>The inputs of one run, pinned for its length.</summary>
    private sealed class InputBindings : IDisposable
    {
        private readonly MemoryHandle[] _pins;

        public InputBindings(IReadOnlyList<Tensor> inputs)
        {
            _pins = new MemoryHandle[inputs.Count];
            Names = new string[inputs.Count];
            Values = new OrtValue[inputs.Count];
            for (var i = 0; i < inputs.Count; i++)
            {
                Names[i] = inputs[i].Name;
                Values[i] = Bind(inputs[i], out _pins[i]);
            }
        }

        public string[] Names { get; }

        public OrtValue[] Values { get; }

        public void Dispose()
        {
            foreach (var value in Values) value.Dispose();
            foreach (var pin in _pins) pin.Dispose();
        }

        private static unsafe OrtValue Bind(Tensor input, out MemoryHandle pin)
        {
            pin = default;
            if (input.Datatype is TensorDatatype.BYTES) return BindStrings(input);

            pin = input.Data.AsMemory().Pin();
            return OrtValue.CreateTensorValueWithData(
                OrtMemoryInfo.DefaultInstance, OnnxDatatypes.ToOnnx(input.Datatype), input.Shape, (nint)pin.Pointer, input.Data.Length);
        }

        private static OrtValue BindStrings(Tensor input)
        {
            var value = OrtValue.CreateTensorWithEmptyStrings(OrtAllocator.DefaultInstance, input.Shape);
            var rest = input.Data.AsSpan();
            for (var i = 0; rest.Length > 0; i++)
            {
                var length = BinaryPrimitives.ReadInt32LittleEndian(rest);
                value.StringTensorSetElementAt(Encoding.UTF8.GetString(rest.Slice(4, length)).AsSpan(), i);
                rest = rest[(4 + length)..];
            }

            return value;
        }
    }
}

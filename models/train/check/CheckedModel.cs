using Microsoft.ML.OnnxRuntime;

namespace OrleansInference.ModelCheck;

/// <summary>A float model in a session with the options that the server uses: one intra-op thread, no spinning.</summary>
internal sealed class CheckedModel : IDisposable
{
    private readonly InferenceSession _session;
    private readonly string[] _inputNames;
    private readonly string[] _outputNames;
    private readonly int[] _inputWidths;

    public CheckedModel(string path)
    {
        using var options = new SessionOptions { IntraOpNumThreads = 1, InterOpNumThreads = 1 };
        options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
        _session = new InferenceSession(path, options);
        _inputNames = [.. _session.InputNames];
        _outputNames = [.. _session.OutputNames];
        _inputWidths = [.. _inputNames.Select(name => _session.InputMetadata[name].Dimensions[^1])];
    }

    /// <summary>Runs the rows as one batch; the answer holds the columns of all outputs side by side.</summary>
    public CsvRows Run(CsvRows rows)
    {
        using var runOptions = new RunOptions();
        return Run(rows, runOptions);
    }

    public CsvRows Run(CsvRows rows, RunOptions runOptions)
    {
        var inputs = CreateInputs(rows);
        try
        {
            using var outputs = _session.Run(runOptions, _inputNames, inputs, _outputNames);
            return JoinOutputs(outputs, rows.Count);
        }
        finally
        {
            foreach (var input in inputs)
                input.Dispose();
        }
    }

    public void Dispose() => _session.Dispose();

    private OrtValue[] CreateInputs(CsvRows rows)
    {
        if (_inputWidths.Sum() != rows.Width)
            throw new InvalidDataException($"The model takes {_inputWidths.Sum()} columns in all; the file has {rows.Width}.");
        var inputs = new OrtValue[_inputWidths.Length];
        for (int i = 0, first = 0; i < inputs.Length; first += _inputWidths[i++])
            inputs[i] = OrtValue.CreateTensorValueFromMemory(rows.Columns(first, _inputWidths[i]), [rows.Count, _inputWidths[i]]);
        return inputs;
    }

    private CsvRows JoinOutputs(IReadOnlyList<OrtValue> outputs, int count)
    {
        var columns = new List<(string Name, float[] Values, int Stride, int Offset)>();
        for (var i = 0; i < outputs.Count; i++)
        {
            var values = outputs[i].GetTensorDataAsSpan<float>().ToArray();
            var width = values.Length / count;
            for (var offset = 0; offset < width; offset++)
                columns.Add(($"{_outputNames[i]}_{offset}", values, width, offset));
        }

        var joined = new float[count * columns.Count];
        for (var at = 0; at < joined.Length; at++)
        {
            var (_, values, stride, offset) = columns[at % columns.Count];
            joined[at] = values[(at / columns.Count * stride) + offset];
        }

        return new CsvRows([.. columns.Select(column => column.Name)], joined);
    }
}

using System.Runtime.InteropServices;

namespace OrleansInference.Grains.Models.Sessions;

/// <summary>The rows of one run, of one request or of several, and after the run each one's outputs.</summary>
/// <remarks>Used by one thread at a time; cleared and filled again, so that a batch in the steady state costs no allocation a row.</remarks>
public sealed class InferenceBatch(TimeProvider time)
{
    private readonly List<BatchSlice> _slices = [];
    private readonly List<Tensor[]?> _outputs = [];
    private long _stageStartedAt;
    private TimeSpan _input;
    private TimeSpan _infer;
    private TimeSpan _output;

    /// <summary>What is joined, in the order of the rows.</summary>
    public ReadOnlySpan<BatchSlice> Slices => CollectionsMarshal.AsSpan(_slices);

    /// <summary>The rows in all.</summary>
    public int Rows { get; private set; }

    /// <summary>How long the last run took, stage by stage.</summary>
    public StageDurations Durations => new(_input, _infer, _output);

    public void Add(in BatchSlice slice)
    {
        _slices.Add(slice);
        _outputs.Add(null);
        Rows += slice.Rows;
    }

    /// <summary>A slice's outputs, those it asked for in its order; null where it was not answered.</summary>
    public Tensor[]? OutputsOf(int slice) => _outputs[slice];

    public void Answer(int slice, Tensor[] outputs) => _outputs[slice] = outputs;

    /// <summary>The run begins, with the filling of its inputs.</summary>
    public void Begin()
    {
        (_input, _infer, _output) = default((TimeSpan, TimeSpan, TimeSpan));
        _stageStartedAt = time.GetTimestamp();
    }

    /// <summary>The inputs are filled: the model computes now.</summary>
    public void EndInput() => EndStage(ref _input);

    /// <summary>The model has computed: the outputs are read now.</summary>
    public void EndInfer() => EndStage(ref _infer);

    /// <summary>The outputs are read.</summary>
    public void EndOutput() => EndStage(ref _output);

    public void Clear()
    {
        _slices.Clear();
        _outputs.Clear();
        Rows = 0;
    }

    private void EndStage(ref TimeSpan stage)
    {
        var now = time.GetTimestamp();
        stage += time.GetElapsedTime(_stageStartedAt, now);
        _stageStartedAt = now;
    }
}

/// <summary>Rows of one request.</summary>
/// <param name="Inputs">The request's tensors, in the model's order.</param>
/// <param name="Outputs">The positions of the outputs that it wants.</param>
/// <param name="FirstRow">Where in the tensors its rows begin.</param>
/// <param name="Rows">How many they are; 1 for a request to a model without a batch dimension.</param>
/// <param name="IsWhole">Whether it is the request as it came, to be run in its own shape when alone.</param>
public readonly record struct BatchSlice(IReadOnlyList<Tensor> Inputs, IReadOnlyList<int> Outputs, int FirstRow, int Rows, bool IsWhole);

/// <summary>The parts of a run's time: filling the inputs, the model itself, reading the outputs.</summary>
public readonly record struct StageDurations(TimeSpan Input, TimeSpan Infer, TimeSpan Output)
{
    public TimeSpan Total => Input + Infer + Output;

    public static StageDurations operator +(StageDurations left, StageDurations right) =>
        new(left.Input + right.Input, left.Infer + right.Infer, left.Output + right.Output);
}

using OrleansInference;
using OrleansInference.Grains.Models.Sessions;

namespace UnitTests.Fakes;

/// <summary>A model that answers its inputs, each request its own rows, after doing what the test asks.</summary>
internal sealed class FakeModelSession(params TensorMetadata[] inputs) : IModelSession
{
    private readonly List<int[]> _batches = [];
    private int _runs;
    private int _running;

    /// <summary>One input <c>x</c> of any batch and one column.</summary>
    public FakeModelSession()
        : this(new TensorMetadata("x", TensorDatatype.FP32, [-1, 1]))
    {
    }

    public ModelMetadata Metadata { get; init; } = new(inputs, inputs);

    /// <summary>What happens in a run, on its thread, with the tensors of all its requests.</summary>
    public Action<IReadOnlyList<Tensor>, CancellationToken> OnRun { get; set; } = (_, _) => { };

    /// <summary>Whether its outputs have the batch's rows first.</summary>
    public bool HasRowsFirst { get; set; } = true;

    public int Runs => Volatile.Read(ref _runs);

    /// <summary>The rows of each request of each run so far.</summary>
    public IReadOnlyList<int[]> Batches
    {
        get
        {
            lock (_batches) return [.. _batches];
        }
    }

    public bool Disposed { get; private set; }

    /// <summary>Whether a run was under way when it was disposed.</summary>
    public bool DisposedWhileRunning { get; private set; }

    public IReadOnlyList<Tensor> Run(IReadOnlyList<Tensor> inputs, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _runs);
        OnRun(inputs, cancellationToken);
        return inputs;
    }

    public bool Run(InferenceBatch batch, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Interlocked.Increment(ref _runs);
        Interlocked.Increment(ref _running);
        try
        {
            return Answer(batch, cancellationToken);
        }
        finally
        {
            Interlocked.Decrement(ref _running);
        }
    }

    public void Dispose()
    {
        DisposedWhileRunning = Volatile.Read(ref _running) > 0;
        Disposed = true;
    }

    private bool Answer(InferenceBatch batch, CancellationToken cancellationToken)
    {
        var slices = batch.Slices.ToArray();
        lock (_batches) _batches.Add([.. slices.Select(slice => slice.Rows)]);
        batch.EndInput();
        OnRun([.. slices.SelectMany(slice => slice.Inputs)], cancellationToken);
        batch.EndInfer();
        if (!HasRowsFirst && slices is not [{ IsWhole: true }]) return false;
        for (var i = 0; i < slices.Length; i++)
        {
            var slice = slices[i];
            batch.Answer(i, [.. slice.Outputs.Select(output => Rows(slice.Inputs[output], slice))]);
        }

        return HasRowsFirst;
    }

    private static Tensor Rows(Tensor tensor, BatchSlice slice)
    {
        if (slice.IsWhole) return tensor;
        var perRow = tensor.Data.Length / (int)tensor.Shape[0];
        return tensor with
        {
            Shape = [slice.Rows, .. tensor.Shape[1..]],
            Data = tensor.Data[(slice.FirstRow * perRow)..((slice.FirstRow + slice.Rows) * perRow)],
        };
    }
}

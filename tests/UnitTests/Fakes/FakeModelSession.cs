using OrleansInference;
using OrleansInference.Grains.Models.Sessions;

namespace UnitTests.Fakes;

/// <summary>A model that answers its input, after doing what the test asks.</summary>
internal sealed class FakeModelSession(params TensorMetadata[] inputs) : IModelSession
{
    private int _runs;

    /// <summary>One input <c>x</c> of any batch and one column.</summary>
    public FakeModelSession()
        : this(new TensorMetadata("x", TensorDatatype.FP32, [-1, 1]))
    {
    }

    public ModelMetadata Metadata { get; } = new(inputs, inputs);

    /// <summary>What happens in a run, on its thread.</summary>
    public Action<IReadOnlyList<Tensor>, CancellationToken> OnRun { get; set; } = (_, _) => { };

    public int Runs => Volatile.Read(ref _runs);

    public bool Disposed { get; private set; }

    public IReadOnlyList<Tensor> Run(IReadOnlyList<Tensor> inputs, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _runs);
        OnRun(inputs, cancellationToken);
        return inputs;
    }

    public void Dispose() => Disposed = true;
}

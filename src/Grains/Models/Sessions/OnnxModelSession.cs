using System.Collections.Concurrent;
using Microsoft.ML.OnnxRuntime;

namespace OrleansInference.Grains.Models.Sessions;

/// <summary>One ONNX Runtime session, and the buffers of its runs.</summary>
internal sealed class OnnxModelSession : IModelSession
{
    private readonly InferenceSession _session;
    private readonly int[] _allOutputs;

    // As many as ever ran at the same time, which is at most the number of inference threads.
    private readonly ConcurrentQueue<OnnxRun> _idleRuns = new();
    private readonly OnnxRunNames _names;
    private volatile IReadOnlyList<KnownOutput>? _knownOutputs;

    public OnnxModelSession(InferenceSession session, string modelFile)
    {
        _session = session;
        Metadata = OnnxMetadata.Read(session, modelFile);
        _names = new OnnxRunNames([.. Metadata.Inputs.Select(input => input.Name)], [.. Metadata.Outputs.Select(output => output.Name)]);
        _knownOutputs = OnnxMetadata.KnownOutputs(session, Metadata);
        _allOutputs = [.. Enumerable.Range(0, Metadata.Outputs.Count)];
    }

    public ModelMetadata Metadata { get; }

    public IReadOnlyList<Tensor> Run(IReadOnlyList<Tensor> inputs, CancellationToken cancellationToken)
    {
        var batch = new InferenceBatch(TimeProvider.System);
        var ordered = TensorValidation.InModelOrder(Metadata, inputs);
        batch.Add(new BatchSlice(ordered, _allOutputs, 0, Metadata.IsBatchable ? (int)ordered[0].Shape[0] : 1, IsWhole: true));
        Run(batch, cancellationToken);
        return batch.OutputsOf(0)!;
    }

    public bool Run(InferenceBatch batch, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (!_idleRuns.TryDequeue(out var run)) run = new OnnxRun(_session, _names, Metadata, _knownOutputs);
        using var termination = cancellationToken.UnsafeRegister(static run => ((OnnxRun)run!).Terminate(), run);
        try
        {
            return Execute(run, batch);
        }
        catch (OnnxRuntimeException e)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw new InferenceException(InferenceErrorCode.ModelFailed, $"The model failed on this input: {e.Message}");
        }
        finally
        {
            Return(run, termination);
        }
    }

    public void Dispose()
    {
        while (_idleRuns.TryDequeue(out var run)) run.Dispose();
        _session.Dispose();
    }

    private bool Execute(OnnxRun run, InferenceBatch batch)
    {
        if (_knownOutputs is not { } known || !run.CanPlaceOutputs(batch)) return run.ExecuteFreely(batch);
        try
        {
            return run.ExecuteInPlace(batch);
        }
        catch (OnnxRuntimeException) when (!run.IsTerminated)
        {
            // The input may be at fault, or the file, which may declare shapes that its outputs do not have: then it is not
            // believed again.
            var answered = run.ExecuteFreely(batch);
            if (!answered || !HasKnownShapes(known, batch)) _knownOutputs = null;
            return answered;
        }
    }

    private void Return(OnnxRun run, CancellationTokenRegistration termination)
    {
        // A termination that comes now must not reach whoever takes the run next.
        termination.Dispose();
        run.Release();
        if (run.IsTerminated) run.Dispose();
        else _idleRuns.Enqueue(run);
    }

    private static bool HasKnownShapes(IReadOnlyList<KnownOutput> known, InferenceBatch batch)
    {
        for (var i = 0; i < batch.Slices.Length; i++)
        {
            var (outputs, slice) = (batch.OutputsOf(i)!, batch.Slices[i]);
            for (var j = 0; j < outputs.Length; j++)
            {
                if (!outputs[j].Shape.AsSpan().SequenceEqual(known[slice.Outputs[j]].Shape(slice.Rows))) return false;
            }
        }

        return true;
    }
}

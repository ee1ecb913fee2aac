using System.Globalization;
using System.Runtime.ExceptionServices;

namespace OrleansInference.Grains.Models.Ensembles;

/// <summary>One request on its way through an ensemble.</summary>
/// <remarks>
/// Promises: a step starts as soon as its tensors are there, beside others that can; the first failure ends the other steps and is
/// the one that is told; when the run ends, no step of it computes any more.
/// Threads: a step writes its tensors before its task ends, and others read them after they have awaited it: no lock is needed.
/// </remarks>
internal sealed class EnsembleRun(EnsemblePlan plan, InferenceRequest request, IStepModels models, TimeProvider time)
{
    private readonly long _startedAt = time.GetTimestamp();
    private readonly Tensor[] _tensors = new Tensor[plan.TensorCount];
    private readonly Task[] _steps = new Task[plan.Steps.Count];
    private ExceptionDispatchInfo? _failure;

    /// <summary>The answered tensors, in the plan's order.</summary>
    public async Task<Tensor[]> RunAsync(CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        foreach (var input in request.Inputs) _tensors[PositionOf(input)] = input;

        // In the plan's order the producers of a step have begun before it.
        for (var i = 0; i < _steps.Length; i++) _steps[i] = RunAsync(plan.Steps[i], ending);
        await Task.WhenAll(_steps).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        cancellationToken.ThrowIfCancellationRequested();
        _failure?.Throw();
        return [.. plan.Outputs.Select(position => _tensors[position])];
    }

    private async Task RunAsync(EnsembleStep step, CancellationTokenSource ending)
    {
        try
        {
            foreach (var producer in step.Producers) await _steps[producer];
            var response = await models.InferAsync(step, ToRequest(step), ending.Token);
            foreach (var output in step.Outputs) _tensors[output.Position] = Rename(Find(response, output, step), output.Tensor);
        }
        catch (Exception e)
        {
            // Only the first: those after it are its consequences.
            if (Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(Explain(e, step)), null) is null) await ending.CancelAsync();
            throw;
        }
    }

    private InferenceRequest ToRequest(EnsembleStep step) => request with
    {
        Version = step.Version,
        Inputs = [.. step.Inputs.Select(input => Rename(_tensors[input.Position], input.Name))],
        Outputs = step.OutputNames,
        Timeout = Remaining(step),

        // It tells a state of the ensemble, not of the step's model.
        Generation = 0,
    };

    private TimeSpan? Remaining(EnsembleStep step)
    {
        if (request.Timeout is not { } timeout) return null;
        var remaining = timeout - time.GetElapsedTime(_startedAt);
        return remaining > TimeSpan.Zero
            ? remaining
            : throw new InferenceException(InferenceErrorCode.DeadlineExceeded, string.Create(
                CultureInfo.InvariantCulture, $"the request's {timeout.TotalMilliseconds:0.###} ms were up before {step.Model} could begin. Allow more, or find the slow step in the metrics."));
    }

    private Exception Explain(Exception failure, EnsembleStep step)
    {
        if (failure is not InferenceException inference) return failure;
        var where = $"ensemble {plan.Model}, {step.Key} (model {step.Model})";
        if (inference.Fields.Count > 0) return InferenceException.InvalidInput([.. inference.Fields.Select(field => Explain(field, step, where))]);

        // The ensemble is there, as its caller knows; what it needs is not.
        var code = inference.Code is InferenceErrorCode.NotFound ? InferenceErrorCode.NotReady : inference.Code;
        return new InferenceException(code, $"In {where}: {inference.Message}", inference.RetryAfter);
    }

    private static FieldError Explain(FieldError fault, EnsembleStep step, string where)
    {
        var tensor = step.Inputs.FirstOrDefault(input => input.Name == fault.Field)?.Tensor;
        return fault with { Field = tensor ?? fault.Field, Message = $"{fault.Message} (input '{fault.Field}' in {where})" };
    }

    private static Tensor Find(InferenceResponse response, EnsembleLink output, EnsembleStep step)
    {
        foreach (var tensor in response.Outputs)
        {
            if (tensor.Name == output.Name) return tensor;
        }

        throw new InferenceException(InferenceErrorCode.ModelFailed, $"version {response.Version} of {step.Model} gave no output '{output.Name}'. Load the ensemble again once its models have the tensors it names.");
    }

    // The bytes stay where they are.
    private static Tensor Rename(Tensor tensor, string name) => tensor.Name == name ? tensor : tensor with { Name = name };

    private int PositionOf(Tensor input)
    {
        for (var i = 0; i < plan.Metadata.Inputs.Count; i++)
        {
            if (plan.Metadata.Inputs[i].Name == input.Name) return i;
        }

        throw new InvalidOperationException($"'{input.Name}' was validated to be an input.");
    }
}

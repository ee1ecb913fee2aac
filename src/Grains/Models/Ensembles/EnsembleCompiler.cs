using System.Text.Json;
using OrleansInference.Grains.Models.Manifest;
using OrleansInference.Grains.Models.Sessions;

namespace OrleansInference.Grains.Models.Ensembles;

/// <summary>Turns a manifest's <c>ensemble</c> section into a plan, or into the list of everything that is wrong with it.</summary>
/// <param name="previous">The plan that this one follows; null for the first.</param>
internal sealed class EnsembleCompiler(string model, EnsembleSection ensemble, ManifestFaults faults, IStepModels models, EnsemblePlan? previous = null)
{
    private readonly EnsembleTensors _tensors = new(faults);
    private readonly List<DeclaredStep> _steps = [];

    /// <exception cref="InferenceStartupException">Every fault: file, line, key and remedy.</exception>
    public async Task<EnsemblePlan> CompileAsync()
    {
        for (var i = 0; i < ensemble.Steps.Count; i++) await CompileStepAsync(ensemble.Steps[i], $"steps[{i}]").ConfigureAwait(false);
        if (ensemble.Steps.Count == 0) faults.Add("ensemble.steps", "there is no step. Add one.");
        var outputs = CompileOutputs();
        var order = Order();
        faults.ThrowIfAny();

        var inputs = _tensors.Inputs;
        var positions = inputs.Select(input => input.Name).Concat(_tensors.Made).Select((tensor, i) => (tensor, i)).ToDictionary(pair => pair.tensor, pair => pair.i);
        return new EnsemblePlan
        {
            Model = model,
            Metadata = new ModelMetadata(inputs, outputs),
            Steps = [.. order.Select(step => ToPlan(step, order, positions))],
            Outputs = [.. outputs.Select(output => positions[output.Name])],
            TensorCount = positions.Count,
            MaxBatchSize = _steps.Min(step => step.Served.MaxBatchSize),
        };
    }

    private async Task CompileStepAsync(EnsembleStepSection step, string key)
    {
        var version = ReadVersion(step, key);
        if (await FindModelAsync(step, key, version).ConfigureAwait(false) is not { } served) return;
        _steps.Add(new DeclaredStep(step, key, version, served));
        CompileInputs(step, key, served.Metadata);
        CompileOutputs(step, key, served.Metadata);
    }

    private async Task<StepModel?> FindModelAsync(EnsembleStepSection step, string key, string? version)
    {
        var path = $"ensemble.{key}.model";
        if (step.Model == model)
        {
            faults.Add(path, "the ensemble names itself. Name another model.");
            return null;
        }

        // Before it is loaded: two ensembles that name each other would wait for each other.
        if (FindPath(step.Model, []) is { } way)
        {
            faults.Add(path, $"the ensemble comes back to itself: {model} → {string.Join(" → ", way)}. Take one of these steps out.");
            return null;
        }

        try
        {
            var known = previous?.Steps.FirstOrDefault(each => each.Model == step.Model && each.Version == version)?.Served;
            return await models.FindAsync(step.Model, version, known).ConfigureAwait(false);
        }
        catch (InferenceException e)
        {
            // It says what there is instead, or why what there is cannot be loaded.
            faults.Add(path, e.Message);
            return null;
        }
    }

    // From a step's model to this ensemble, by way of other ensembles; null where none leads there.
    private IReadOnlyList<string>? FindPath(string from, HashSet<string> seen)
    {
        if (from == model) return [model];
        if (!seen.Add(from)) return null;
        foreach (var next in models.StepsOf(from))
        {
            if (FindPath(next, seen) is { } rest) return [from, .. rest];
        }

        return null;
    }

    private string? ReadVersion(EnsembleStepSection step, string key)
    {
        if (step.Version is not { } version) return null;
        if (version.ValueKind is JsonValueKind.String) return version.GetString();
        if (version.ValueKind is JsonValueKind.Number) return version.GetRawText();
        faults.Add($"ensemble.{key}.version", "the value must be an integer or a label. Correct it, or remove it for the model's default.");
        return null;
    }

    private void CompileInputs(EnsembleStepSection step, string key, ModelMetadata metadata)
    {
        foreach (var (name, tensor) in step.Inputs)
        {
            var path = $"ensemble.{key}.inputs.{name}";
            if (metadata.FindInput(name) is { } input) _tensors.Take(tensor, input, path, step.Model);
            else faults.Add(path, $"model {step.Model} has no input '{name}'. Its inputs: {NamesOf(metadata.Inputs)}.");
        }

        foreach (var input in metadata.Inputs.Where(input => !step.Inputs.ContainsKey(input.Name)))
            faults.Add($"ensemble.{key}.inputs", $"input '{input.Name}' of model {step.Model} has no tensor. Add \"{input.Name}\": \"<tensor>\".");
    }

    private void CompileOutputs(EnsembleStepSection step, string key, ModelMetadata metadata)
    {
        foreach (var (name, tensor) in step.Outputs)
        {
            var path = $"ensemble.{key}.outputs.{name}";
            if (metadata.FindOutput(name) is { } output) _tensors.Make(tensor, output, path, key, step.Model);
            else faults.Add(path, $"model {step.Model} has no output '{name}'. Its outputs: {NamesOf(metadata.Outputs)}.");
        }

        if (step.Outputs.Count == 0)
            faults.Add($"ensemble.{key}.outputs", $"the step makes no tensor. Name one of the outputs of {step.Model}: {NamesOf(metadata.Outputs)}.");
    }

    private List<TensorMetadata> CompileOutputs()
    {
        var outputs = new List<TensorMetadata>();
        for (var i = 0; i < ensemble.Outputs.Count; i++)
        {
            var (name, path) = (ensemble.Outputs[i], $"ensemble.outputs[{i}]");
            if (outputs.Any(output => output.Name == name)) faults.Add(path, $"'{name}' stands twice. Remove one.");
            else if (_tensors.FindMade(name) is { } output) outputs.Add(output);
            else if (ensemble.Steps.Any(step => step.Outputs.Values.Contains(name))) continue; // The step's own fault is told already.
            else faults.Add(path, $"no step makes '{name}'. Name one of: {(_tensors.Made.Any() ? string.Join(", ", _tensors.Made) : "(none)")}.");
        }

        if (ensemble.Outputs.Count == 0) faults.Add("ensemble.outputs", "there is no output. Name a tensor that a step makes.");
        return outputs;
    }

    // Takes, again and again, the steps whose tensors are all there by then; what is left waits for itself.
    private List<DeclaredStep> Order()
    {
        var (order, waiting) = (new List<DeclaredStep>(), _steps.ToList());
        while (waiting.FindAll(step => !waiting.Exists(other => Feeds(other, step))) is { Count: > 0 } ready)
        {
            order.AddRange(ready);
            waiting.RemoveAll(ready.Contains);
        }

        if (waiting.Count > 0)
            faults.Add("ensemble.steps", $"the tensors of {string.Join(", ", waiting.Select(step => $"{step.Key} ({step.Section.Model})"))} go in a circle, so no step can begin. Let one take a tensor that is there before.");
        return order;
    }

    private static bool Feeds(DeclaredStep producer, DeclaredStep consumer) =>
        producer.Section.Outputs.Values.Any(tensor => consumer.Section.Inputs.Values.Contains(tensor));

    private static EnsembleStep ToPlan(DeclaredStep step, List<DeclaredStep> order, Dictionary<string, int> positions) => new(
        step.Key,
        step.Section.Model,
        step.Version,
        step.Served,
        [.. step.Section.Inputs.Select(link => new EnsembleLink(link.Key, link.Value, positions[link.Value]))],
        [.. step.Section.Outputs.Select(link => new EnsembleLink(link.Key, link.Value, positions[link.Value]))],
        [.. Enumerable.Range(0, order.Count).Where(i => Feeds(order[i], step))]);

    private static string NamesOf(IReadOnlyList<TensorMetadata> tensors) => string.Join(", ", tensors.Select(tensor => tensor.Name));

    private sealed record DeclaredStep(EnsembleStepSection Section, string Key, string? Version, StepModel Served);
}

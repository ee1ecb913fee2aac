using System.Collections.Frozen;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using OrleansInference.Grains.Models.Planning;
using OrleansInference.Grains.Models.Repository;

namespace OrleansInference.Grains.Models;

/// <summary>The models of this silo. Loaded before the silo joins, so that no request meets a silo without them.</summary>
internal sealed class ModelCatalog(IModelRepository repository, ModelLoader loader, IOptions<InferenceOptions> options) : IHostedLifecycleService, IDisposable
{
    private FrozenDictionary<string, ServedModel> _models = FrozenDictionary<string, ServedModel>.Empty;
    private string? _defaultModel;

    public IEnumerable<ServedModel> All => _models.Values;

    /// <summary>The model that answers when a request names none; null where none can be told.</summary>
    public string? DefaultModel => _defaultModel;

    /// <exception cref="InferenceException">NotFound, naming what is served.</exception>
    public ServedModel Get(string? name)
    {
        if ((name ?? _defaultModel) is not { } wanted)
            throw new InferenceException(InferenceErrorCode.NotFound, $"No default model is set. Set Inference:DefaultModel, or ask one by name: {Names(All)}.");
        return _models.GetValueOrDefault(wanted)
            ?? throw new InferenceException(InferenceErrorCode.NotFound, $"There is no model '{FieldError.Quote(wanted)}'. Served here: {Names(All)}.");
    }

    /// <exception cref="InferenceException">NotFound: there is no such model, or it has no <c>predict</c> section.</exception>
    public PredictPlan GetPlan(string? name) =>
        Get(name) is var model && model.Plan is { } plan
            ? plan
            : throw new InferenceException(
                InferenceErrorCode.NotFound, $"Model '{model.Name}' has no predict section in its model.json, so it takes tensors only. Models that predict: {Names(Predicting)}.");

    public Task StartingAsync(CancellationToken cancellationToken) => Task.Run(LoadAll, cancellationToken);

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    // The container disposes us after the silo has stopped: no activation can still be running a session.
    public void Dispose()
    {
        foreach (var model in _models.Values) model.Dispose();
    }

    private IEnumerable<ServedModel> Predicting => All.Where(model => model.Plan is not null);

    private void LoadAll()
    {
        _models = repository.List().Select(loader.Load).ToFrozenDictionary(model => model.Name);
        _defaultModel = options.Value.DefaultModel ?? (Predicting.Count() == 1 ? Predicting.First().Name : null);
        if (_defaultModel is not null && !Predicting.Any(model => model.Name == _defaultModel))
            throw new InferenceStartupException($"Inference:DefaultModel is '{_defaultModel}', which is no model with a predict section. Name one of: {Names(Predicting)}.");
    }

    private static string Names(IEnumerable<ServedModel> models) =>
        string.Join(", ", models.Select(model => model.Name).Order()) is { Length: > 0 } names ? names : "(none)";
}

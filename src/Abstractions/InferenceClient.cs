using System.Runtime.CompilerServices;

namespace OrleansInference;

/// <summary>Routes each call to the user's grain or the model's.</summary>
internal sealed class InferenceClient(IGrainFactory grains, PredictionAttemptOptions attempts, TimeProvider time) : IInferenceClient
{
    private readonly PredictionAttempts _attempts = new(attempts, time);
    private readonly GrainReferences<IUserGrain> _users = new(grains);
    private readonly GrainReferences<IModelGrain> _models = new(grains);
    private uint _calls;

    public Task<Prediction> PredictAsync(PredictionRequest request, CancellationToken cancellationToken = default) => UserKey.Validate(request.UserId) is null
        ? _attempts.PredictAsync(_users.Get(UserKey.FromUserId(request.UserId)), Identify(request), cancellationToken)
        : RefuseAsync(request);

    public Task<IReadOnlyList<PredictionResult>> PredictBatchAsync(IReadOnlyList<PredictionRequest> requests, CancellationToken cancellationToken = default) =>
        new PredictionBatch(requests, PredictAsync, time).RunAsync(cancellationToken);

    public async Task<IReadOnlyList<FieldError>> ValidateAsync(PredictionRequest request)
    {
        var faults = await grains.GetGrain<IModelGrain>(ModelKey.Default).ValidateAsync(request);
        return UserKey.Validate(request.UserId) is { } fault ? [UserFault(request.UserId, fault), .. faults] : faults;
    }

    public Task<RecordedPrediction> GetPredictionAsync(Guid predictionId) => Log().GetAsync(predictionId);

    public Task<RecordedOutcome> RecordOutcomeAsync(Guid predictionId, double label) => Log().RecordOutcomeAsync(predictionId, label);

    public Task<IReadOnlyList<ModelQuality>> GetQualityAsync(QualityQuery query) => Log().GetQualityAsync(query);

    public Task<ReplayedPrediction> ReplayAsync(Guid predictionId, string? version = null, CancellationToken cancellationToken = default) =>
        Log().ReplayAsync(predictionId, version, cancellationToken);

    public async Task<IReadOnlyList<string>> GetExportNamesAsync(ExportQuery query) => [.. (await Log().GetExportFeaturesAsync(query)).Select(feature => feature.Name)];

    public async Task<IReadOnlyList<ExportFeature>> GetExportFeaturesAsync(ExportQuery query, CancellationToken cancellationToken = default)
    {
        var (bounded, text) = (UntilNow(query), new HashSet<string>());
        var names = await GetExportNamesAsync(bounded);
        for (LogCursor? after = null; ;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var page = await Log().FindExportTextAsync(bounded, after);
            text.UnionWith(page.Names);
            if (page.Next is null) return [.. names.Select(name => new ExportFeature(name, text.Contains(name)))];
            after = page.Next;
        }
    }

    public async IAsyncEnumerable<RecordedPrediction> ExportAsync(ExportQuery query, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var bounded = UntilNow(query);
        for (LogCursor? after = null; ;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var page = await Log().ExportAsync(bounded, after);
            foreach (var prediction in page.Predictions) yield return prediction;
            if (page.Next is null) yield break;
            after = page.Next;
        }
    }

    public async Task<UserState> GetUserAsync(string userId) => await User(userId).GetStateAsync();

    public async Task<FeaturePushResult> PushFeaturesAsync(string userId, string view, FeaturePush push, CancellationToken cancellationToken = default) =>
        await User(userId).PushFeaturesAsync(view, push, cancellationToken);

    public async Task InvalidateFeaturesAsync(string userId, string view, CancellationToken cancellationToken = default) =>
        await User(userId).InvalidateFeaturesAsync(view, cancellationToken);

    public async Task<PrefetchedFeatures> PrefetchAsync(string userId, string? model = null, CancellationToken cancellationToken = default) =>
        await User(userId).PrefetchAsync(model, cancellationToken);

    public async Task<UserErasure> EraseUserAsync(string userId, CancellationToken cancellationToken = default) => await User(userId).EraseAsync(cancellationToken);

    public Task<InferenceResponse> InferAsync(string model, InferenceRequest request, CancellationToken cancellationToken = default) =>
        NextShard(model).InferAsync(request, cancellationToken);

    public Task<ModelDescription> GetModelAsync(string model, string? version = null) => Model(model).DescribeAsync(version);

    public Task<bool> IsModelReadyAsync(string model, string? version = null) => Model(model).IsReadyAsync(version);

    public Task<string> GetModelConfigAsync(string model) => Model(model).GetConfigAsync();

    public Task<IReadOnlyList<ModelIndexEntry>> ListModelsAsync() => Repository().ListAsync();

    public Task<IReadOnlyList<ModelStatistics>> GetStatisticsAsync(string? model = null, string? version = null) => Repository().GetStatisticsAsync(model, version);

    public Task<bool> IsReadyAsync() => Repository().IsReadyAsync();

    public Task<ModelChange> LoadModelAsync(string model) => Control(model).LoadAsync();

    public Task<ModelChange> UnloadModelAsync(string model) => Control(model).UnloadAsync();

    // There is no grain for a user without a valid id, so the model itself names the other faults: the caller sees all at once.
    private async Task<Prediction> RefuseAsync(PredictionRequest request) => throw InferenceException.InvalidInput(await ValidateAsync(request));

    // So that it comes to an end while predictions go on.
    private ExportQuery UntilNow(ExportQuery query) => query with { To = query.To ?? time.GetUtcNow() };

    // Before the first attempt. An id that was minted here is in no log yet.
    private static PredictionRequest Identify(PredictionRequest request) => request.PredictionId == Guid.Empty
        ? request with { PredictionId = Guid.CreateVersion7() }
        : request with { MayBeRecorded = true };

    private IPredictionLogGrain Log() => grains.GetGrain<IPredictionLogGrain>(IPredictionLogGrain.Key);

    private IUserGrain User(string userId) => UserKey.Validate(userId) is { } fault
        ? throw InferenceException.InvalidInput(UserFault(userId, fault))
        : _users.Get(UserKey.FromUserId(userId));

    private IModelGrain NextShard(string model) =>
        _models.Get(ModelKey.ForShard(Valid(model), (int)(Interlocked.Increment(ref _calls) % ModelKey.Shards)));

    private IModelGrain Model(string model) => _models.Get(Valid(model));

    private IModelControlGrain Control(string model) => grains.GetGrain<IModelControlGrain>(Valid(model));

    private IModelRepositoryGrain Repository() => grains.GetGrain<IModelRepositoryGrain>(IModelRepositoryGrain.Key);

    // What cannot be a name becomes no grain key: callers could make any number of those.
    private static string Valid(string model) => ModelName.IsValid(model)
        ? model
        : throw new InferenceException(InferenceErrorCode.NotFound, $"There is no model '{FieldError.Quote(model)}'. A model's name has {ModelName.Rule}.");

    private static FieldError UserFault(string? userId, string fault) => new("user_id", fault, ((RequestValue)userId).ToDisplay());
}

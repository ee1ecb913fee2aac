using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Concurrency;
using OrleansInference.Grains.Diagnostics;
using OrleansInference.Grains.Features;
using OrleansInference.Grains.Features.Views;
using OrleansInference.Grains.Models;
using OrleansInference.Grains.Models.Planning;
using OrleansInference.Grains.PostProcessing;
using OrleansInference.Grains.PostProcessing.Erasure;
using OrleansInference.Grains.PostProcessing.Outbox;

namespace OrleansInference.Grains.Users;

/// <summary>One user: owns the path of a prediction, the user's cached features and the order of the user's records.</summary>
/// <remarks>Reentrant: predictions of one user overlap while they wait; state changes happen between awaits only.</remarks>
[Reentrant, GrainType("user")]
internal sealed partial class UserGrain : Grain, IUserGrain
{
    private const int LastPredictions = 10;

    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    private readonly ModelCatalog _models;
    private readonly IPredictionLog _log;
    private readonly TimeProvider _time;
    private readonly InferenceInstruments _instruments;
    private readonly ILogger<UserGrain> _logger;
    private readonly string _key;
    private readonly string _userId;
    private readonly UserFeatures _features;
    private readonly UserJournal _journal;
    private readonly UserWindows _windows;
    private readonly RecordedReplies _replies;
    private readonly Attempts _attempts = new();
    private readonly UserErasing _erasing;

    public UserGrain(
        IGrainContext context,
        ModelCatalog models,
        FeatureSources sources,
        IPredictionLog log,
        IOutbox outbox,
        IUserErasure stored,
        IOptions<IdempotencyOptions> idempotency,
        IOptions<ErasureOptions> erasure,
        TimeProvider time,
        UserWindowsServices windows,
        PushStore pushes,
        InferenceInstruments instruments,
        ILogger<UserGrain> logger)
    {
        _models = models;
        _log = log;
        _time = time;
        _instruments = instruments;
        _logger = logger;
        _key = context.GrainId.Key.ToString()!;
        _userId = UserKey.ToUserId(_key);
        _features = new UserFeatures(context.GrainId, sources, pushes, time);
        _journal = new UserJournal(_key, log, outbox, time);
        _windows = new UserWindows(context.GrainId, windows, _journal, StartTimer);
        _replies = new RecordedReplies(_key, log, idempotency.Value.KeyLifetime, time);
        _erasing = new UserErasing(_key, stored, erasure.Value.Log);
    }

    public async Task<Prediction> PredictAsync(PredictionRequest request, CancellationToken cancellationToken)
    {
        await UntilErasedAsync(cancellationToken);
        return await (_attempts.Find(request) ?? _attempts.Begin(request, PredictAsync)).WaitAsync(cancellationToken);
    }

    public async Task<FeaturePushResult> PushFeaturesAsync(string view, FeaturePush push, CancellationToken cancellationToken)
    {
        await UntilErasedAsync(cancellationToken);
        return await _features.PushAsync(view, push, cancellationToken);
    }

    public async Task InvalidateFeaturesAsync(string view, CancellationToken cancellationToken)
    {
        await UntilErasedAsync(cancellationToken);
        await _features.InvalidateAsync(view, cancellationToken);
    }

    public async Task<PrefetchedFeatures> PrefetchAsync(string? model, CancellationToken cancellationToken)
    {
        await UntilErasedAsync(cancellationToken);
        var served = await _models.AcquirePredictingAsync(model, cancellationToken);
        try
        {
            return new PrefetchedFeatures(served.Name, await _features.WarmAsync(served.Plan!, cancellationToken));
        }
        finally
        {
            served.Release();
        }
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _features.Clear();
        return _windows.SaveAsync().WaitAsync(cancellationToken);
    }

    public async Task<UserErasure> EraseAsync(CancellationToken cancellationToken)
    {
        var erased = await _erasing.EraseAsync(DrainAsync, ClearAsync, Forget).WaitAsync(cancellationToken);
        LogErased(erased.Predictions, erased.Messages);
        return erased;
    }

    public async Task<UserState> GetStateAsync() => new()
    {
        UserId = _userId,
        LastSequence = _journal.LastSequence,
        Features = [.. DescribeWindows(), .. _features.Describe()],
        Variants = [.. _models.Predicting.Select(model => model.VariantFor(_key))],
        LastPredictions = [.. (await _log.ReadLatestAsync(_key, LastPredictions)).Select(RecordedPredictions.From)],
    };

    private IEnumerable<CachedFeatures> DescribeWindows() => _windows.Loaded.Select(window => new CachedFeatures(
        window.View.Name,
        TimeSpan.Zero,
        true,
        [.. window.View.Columns.Zip(window.Read(_time.GetUtcNow().UtcTicks), (column, value) => KeyValuePair.Create(column.Name, value.ToObject()))]));

    private async Task UntilErasedAsync(CancellationToken cancellationToken)
    {
        while (_erasing.UnderWay is { } erasure) await erasure.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
    }

    private async Task<Prediction> PredictAsync(Attempt attempt)
    {
        // Held to the end: the features are made for these versions, whatever is served when they are ready.
        var model = await _models.AcquirePredictingAsync(attempt.Request.Model, attempt.Abandoned);
        try
        {
            return await PredictInTimeAsync(model, attempt.Request, attempt.Abandoned);
        }
        finally
        {
            model.Release();
        }
    }

    private async Task<Prediction> PredictInTimeAsync(ServedModel model, PredictionRequest request, CancellationToken abandoned)
    {
        var plan = model.Plan!;
        var time = request.Timeout < plan.Deadline ? request.Timeout.Value : plan.Deadline;
        using var budget = new TimeBudget(time, _time, abandoned);
        var outcome = nameof(InferenceErrorCode.Internal);
        try
        {
            var prediction = await PredictAsync(model, request, budget);
            outcome = prediction.Degraded ? "degraded" : "ok";
            return prediction;
        }
        catch (OperationCanceledException) when (abandoned.IsCancellationRequested)
        {
            outcome = nameof(InferenceErrorCode.Cancelled);
            throw;
        }
        catch (OperationCanceledException)
        {
            outcome = nameof(InferenceErrorCode.DeadlineExceeded);
            throw DeadlineExceeded(plan, request, time);
        }
        catch (InferenceException e)
        {
            outcome = e.Code.ToString();
            throw;
        }
        finally
        {
            _instruments.OnPredicted(plan.Model, outcome, budget.Elapsed);
        }
    }

    // The path of a prediction, in the order in which it happens.
    private async Task<Prediction> PredictAsync(ServedModel model, PredictionRequest request, TimeBudget budget)
    {
        var plan = model.Plan!;
        var bound = plan.Bind(request, _time.GetUtcNow());
        if (await _replies.FindAsync(plan, request, budget.Token) is { } recorded) return recorded;
        if (plan.Logging is not PredictionLogging.Off && !request.Unrecorded) _journal.BeginLoad();
        _windows.BeginLoad(plan, bound);
        var rows = await _features.ReadAsync(plan, bound, budget);
        using var admission = await _windows.AdmitAsync(plan, bound, !request.Unrecorded, budget.Token);
        var features = new FeatureVector(plan, admission.Request, admission.Complete(plan, rows), _time);
        var featuresAfter = budget.Elapsed;
        var inference = await GrainFactory.GetGrain<IModelGrain>(plan.Model).InferAsync(features.ToInferenceRequest(_key, model.Generation), budget.Token);
        var times = new PredictionTimes(bound.At, featuresAfter, budget.Elapsed - featuresAfter, budget.Elapsed);
        var draft = new PredictionDraft
        {
            Plan = plan,
            Request = request,
            Bound = admission.Request,
            Features = features,
            Inference = inference,
            Prediction = ToPrediction(model, request, features, inference, times),
            Times = times,
            Event = admission.ToRecorded(),
        };
        return await RecordAsync(draft, admission, budget);
    }

    private static Prediction ToPrediction(ServedModel model, PredictionRequest request, FeatureVector features, InferenceResponse inference, PredictionTimes times) => new()
    {
        PredictionId = request.PredictionId,
        Value = ReadValue(model, inference),
        Info = features.Info(),
        Model = model.Name,
        ModelVersion = inference.Version,
        Degraded = features.Degraded,
        Details = request.Details ? RecordedPredictions.ToDetails(model.Plan!.Schema, features, times) : null,
    };

    private static double ReadValue(ServedModel model, InferenceResponse inference)
    {
        try
        {
            return model.Plan!.Output.Read(inference.Outputs);
        }
        catch (InferenceException)
        {
            model.Rollout?.OnUnusable(inference);
            throw;
        }
    }

    private async ValueTask<Prediction> RecordAsync(PredictionDraft draft, Admission admission, TimeBudget budget)
    {
        switch (draft.Request.Unrecorded ? PredictionLogging.Off : draft.Plan.Logging)
        {
            case PredictionLogging.Off:
                return draft.Prediction;
            case PredictionLogging.BestEffort:
                _ = _attempts.AddAsync(TryRecordAsync(draft, admission));
                return draft.Prediction;
        }

        return await _journal.AppendAsync(draft, admission, budget.Token) switch
        {
            AppendOutcome.Appended => draft.Prediction,
            AppendOutcome.Repeated => await _replies.GetAsync(draft.Plan, draft.Request, budget.Token),
            AppendOutcome.Superseded => throw Superseded(draft.Prediction.PredictionId),
            _ => throw ChainBroken(draft.Prediction.PredictionId),
        };
    }

    // Nobody waits for it: what cannot be written is counted, and gone.
    private async Task TryRecordAsync(PredictionDraft draft, Admission admission)
    {
        try
        {
            var outcome = await _journal.AppendAsync(draft, admission, CancellationToken.None);
            if (outcome is AppendOutcome.Superseded) Superseded(draft.Prediction.PredictionId);
            if (outcome is not AppendOutcome.Appended) _instruments.OnRecordLost(draft.Plan.Model);
        }
        catch (InferenceException e)
        {
            _instruments.OnRecordLost(draft.Plan.Model);
            LogRecordLost(e, draft.Prediction.PredictionId);
        }
    }

    private Task ClearAsync() => Task.WhenAll(_windows.ClearAsync(), _features.ClearKeptAsync());

    private async Task DrainAsync()
    {
        await _attempts.DrainAsync();
        await _windows.DrainAsync();
    }

    private IGrainTimer StartTimer(Func<CancellationToken, Task> callback, TimeSpan due) =>
        this.RegisterGrainTimer(callback, new GrainTimerCreationOptions { DueTime = due, Period = Timeout.InfiniteTimeSpan, Interleave = true });

    // What memory has of the user; the log is read again before the next prediction.
    private void Forget()
    {
        _features.Clear();
        _journal.Forget();
        _windows.Forget();
    }

    // The log refused our number: another activation has gone on from where we believed to be. It owns the user now.
    private InferenceException Superseded(Guid predictionId)
    {
        LogSuperseded(predictionId);
        DeactivateOnIdle();
        return new InferenceException(
            InferenceErrorCode.NotReady, $"The user moved to another activation while prediction {predictionId} was under way; nothing was recorded. Retry.", RetryAfter);
    }

    private static InferenceException ChainBroken(Guid predictionId) => new(
        InferenceErrorCode.StorageUnavailable,
        $"An earlier prediction of this user could not be recorded, and prediction {predictionId} had been made after it; nothing was recorded. A retry is safe.",
        RetryAfter);

    private static InferenceException DeadlineExceeded(PredictPlan plan, PredictionRequest request, TimeSpan time) => new(
        InferenceErrorCode.DeadlineExceeded,
        time < plan.Deadline
            ? $"Prediction {request.PredictionId} took longer than the {time.TotalMilliseconds:0} ms that its caller allowed. Allow more, or find the slow stage in the metrics."
            : $"Prediction {request.PredictionId} took longer than predict.deadline = {plan.Deadline} in the manifest of {plan.Model}. Raise it, or find the slow stage in the metrics.");

    [LoggerMessage(EventIds.UserSuperseded, LogLevel.Warning, "Another activation has recorded for the user of prediction {PredictionId}; this one deactivates")]
    private partial void LogSuperseded(Guid predictionId);

    [LoggerMessage(EventIds.RecordLost, LogLevel.Warning, "Prediction {PredictionId} was answered and not recorded, as its model's logging = bestEffort allows")]
    private partial void LogRecordLost(Exception cause, Guid predictionId);

    // Without the user: that is what is gone.
    [LoggerMessage(EventIds.UserErased, LogLevel.Information, "A user was erased, with {Predictions} predictions and {Messages} messages")]
    private partial void LogErased(int predictions, int messages);
}

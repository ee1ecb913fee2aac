using Microsoft.Extensions.Logging;
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
[Reentrant, GrainType(TypeName)]
internal sealed partial class UserGrain : Grain, IUserGrain
{
    /// <summary>Part of the keys in grain storage.</summary>
    public const string TypeName = "user";

    private const int LastPredictions = 10;

    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    private readonly UserServices _services;
    private readonly UserIdentity _user;
    private readonly UserFeatures _features;
    private readonly UserJournal _journal;
    private readonly UserWindows _windows;
    private readonly Attempts _attempts = new();
    private UserErasing? _erasing;

    // Nothing of the activation's own scope is injected: that would make a container of services for each user.
    public UserGrain(UserServices services)
    {
        _services = services;
        _user = new UserIdentity(GrainContext.GrainId.Key.ToString()!);
        _features = new UserFeatures(_user, services.Features);
        _journal = new UserJournal(_user, services.Journal, _attempts);
        _windows = new UserWindows(_user, services.Windows, _journal);
    }

    public Task<Prediction> PredictAsync(PredictionRequest request, CancellationToken cancellationToken) => _erasing?.UnderWay is null
        ? _attempts.Find(request)?.JoinAsync(cancellationToken) ?? Begin(request).WaitFirstAsync(cancellationToken)
        : PredictAfterErasureAsync(request, cancellationToken);

    public Task<FeaturePushResult> PushFeaturesAsync(string view, FeaturePush push, CancellationToken cancellationToken) =>
        OutsideErasureAsync(() => _features.PushAsync(view, push, cancellationToken), cancellationToken);

    public Task InvalidateFeaturesAsync(string view, CancellationToken cancellationToken) => OutsideErasureAsync(
        async () =>
        {
            await _features.InvalidateAsync(view, cancellationToken);
            return view;
        },
        cancellationToken);

    public async Task<PrefetchedFeatures> PrefetchAsync(string? model, CancellationToken cancellationToken)
    {
        var served = await _services.Models.AcquirePredictingAsync(model, cancellationToken);
        try
        {
            return new PrefetchedFeatures(served.Name, await OutsideErasureAsync(() => _features.WarmAsync(served.Plan!, cancellationToken), cancellationToken));
        }
        finally
        {
            served.Release();
        }
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _features.Clear();

        // All users leave a silo that stops, and each is asked for: what it wrote no snapshot of before, the log has.
        return _windows.StopAsync(save: reason.ReasonCode is not DeactivationReasonCode.ShuttingDown).WaitAsync(cancellationToken);
    }

    public async Task<UserErasure> EraseAsync(CancellationToken cancellationToken)
    {
        _erasing ??= new UserErasing(_user.Key, _services.Stored, _services.Erasure.Value.Log);
        var erased = await _erasing.EraseAsync(DrainAsync, ClearAsync, Forget).WaitAsync(cancellationToken);
        LogErased(_services.Logger, erased.Predictions, erased.Messages);
        return erased;
    }

    public async Task<UserState> GetStateAsync() => new()
    {
        UserId = _user.Id,
        LastSequence = _journal.LastSequence,
        Features = [.. DescribeWindows(), .. _features.Describe()],
        Variants = [.. _services.Models.Predicting.Select(model => model.VariantFor(_user.Key))],
        LastPredictions = [.. (await _services.Log.ReadLatestAsync(_user.Key, LastPredictions)).Select(RecordedPredictions.From)],
    };

    private IEnumerable<CachedFeatures> DescribeWindows() => _windows.Loaded.Select(window => new CachedFeatures(
        window.View.Name,
        TimeSpan.Zero,
        true,
        [.. window.View.Columns.Zip(window.Read(_services.Time.GetUtcNow().UtcTicks), (column, value) => KeyValuePair.Create(column.Name, value.ToObject()))]));

    private async Task<Prediction> PredictAfterErasureAsync(PredictionRequest request, CancellationToken cancellationToken)
    {
        await _erasing!.UntilEndedAsync(cancellationToken);
        return await PredictAsync(request, cancellationToken);
    }

    // In the turn that finds no erasure under way it counts among what the next one waits for.
    private async Task<T> OutsideErasureAsync<T>(Func<Task<T>> work, CancellationToken cancellationToken)
    {
        while (_erasing is { UnderWay: not null } erasing) await erasing.UntilEndedAsync(cancellationToken);
        return await _attempts.CountAsync(work);
    }

    private Attempt Begin(PredictionRequest request)
    {
        var attempt = _attempts.Begin(request, _services.Time);
        attempt.Run = PredictAsync(attempt);
        return attempt;
    }

    private async Task<Prediction> PredictAsync(Attempt attempt)
    {
        ServedModel? model = null;
        var (request, startedAt, outcome) = (attempt.Request, _services.Time.GetTimestamp(), nameof(InferenceErrorCode.Internal));
        try
        {
            // Held to the end: the features are made for these versions, whatever is served when they are ready.
            model = await _services.Models.AcquirePredictingAsync(request.Model, request.Timeout, attempt.End);
            var prediction = await PredictAsync(model, request, attempt.Limit(TimeFor(request, model.Plan!), startedAt));
            outcome = prediction.Degraded ? "degraded" : "ok";
            return prediction;
        }
        catch (OperationCanceledException) when (attempt.IsAbandoned)
        {
            outcome = nameof(InferenceErrorCode.Cancelled);
            throw;
        }
        catch (OperationCanceledException) when (model is not null)
        {
            outcome = nameof(InferenceErrorCode.DeadlineExceeded);
            throw DeadlineExceeded(model.Plan!, request, TimeFor(request, model.Plan!));
        }
        catch (InferenceException e)
        {
            outcome = e.Code.ToString();
            throw;
        }
        finally
        {
            if (model is not null) _services.Instruments.OnPredicted(model.Name, outcome, _services.Time.GetElapsedTime(startedAt));
            model?.Release();
            _attempts.End(attempt);
        }
    }

    private static TimeSpan TimeFor(PredictionRequest request, PredictPlan plan) => request.Timeout < plan.Deadline ? request.Timeout.Value : plan.Deadline;

    // The path of a prediction, in the order in which it happens.
    private async Task<Prediction> PredictAsync(ServedModel model, PredictionRequest request, TimeBudget budget)
    {
        var plan = model.Plan!;
        var bound = plan.Bind(request, _services.Time.GetUtcNow());
        if (await _services.Replies.FindAsync(_user.Key, plan, request, budget.Token) is { } recorded) return recorded;
        if (plan.Logging is not PredictionLogging.Off && !request.Unrecorded) _journal.BeginLoad();
        _windows.BeginLoad(plan, bound, !request.Unrecorded);
        var rows = await _features.ReadAsync(plan, bound, budget);
        using var admission = await _windows.AdmitAsync(plan, bound, rows, !request.Unrecorded, budget.Token);
        var features = new FeatureVector(plan, admission.Request, admission.Complete(plan, rows), _services.Time);
        var featuresAfter = budget.Elapsed;
        var inference = await _services.ModelGrains.GetKept(plan.Model).InferAsync(features.ToInferenceRequest(_user.Key, model.Generation), budget.Token);
        var times = new PredictionTimes(bound.At, featuresAfter, budget.Elapsed - featuresAfter, budget.Elapsed);
        var prediction = ToPrediction(model, request, features, inference, times);
        if (plan.Logging is PredictionLogging.Off || request.Unrecorded) return prediction;

        var draft = new PredictionDraft
        {
            Plan = plan,
            Request = request,
            Bound = admission.Request,
            Features = features,
            Inference = inference,
            Prediction = prediction,
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
        if (draft.Plan.Logging is PredictionLogging.BestEffort)
        {
            _ = _attempts.AddAsync(TryRecordAsync(draft, admission));
            return draft.Prediction;
        }

        return await _journal.AppendAsync(draft, admission, budget.Token) switch
        {
            AppendOutcome.Appended => draft.Prediction,
            AppendOutcome.Repeated => await _services.Replies.GetAsync(_user.Key, draft.Plan, draft.Request, budget.Token),
            AppendOutcome.Superseded => throw Superseded(draft),
            _ => throw ChainBroken(draft.Prediction.PredictionId),
        };
    }

    // Nobody waits for it: what cannot be written is counted, and gone.
    private async Task TryRecordAsync(PredictionDraft draft, Admission admission)
    {
        try
        {
            var outcome = await _journal.AppendAsync(draft, admission, CancellationToken.None);
            if (outcome is AppendOutcome.Superseded) Superseded(draft);
            if (outcome is not AppendOutcome.Appended) _services.Instruments.OnRecordLost(draft.Plan.Model);
        }
        catch (InferenceException e)
        {
            _services.Instruments.OnRecordLost(draft.Plan.Model);
            LogRecordLost(_services.Logger, e, draft.Prediction.PredictionId);
        }
    }

    private Task ClearAsync() => Task.WhenAll(_windows.ClearAsync(), _features.ClearKeptAsync());

    private async Task DrainAsync()
    {
        await _attempts.DrainAsync();
        await _windows.DrainAsync();
    }

    // What memory has of the user; the log is read again before the next prediction.
    private void Forget()
    {
        _features.Clear();
        _journal.Forget();
        _windows.Forget();
    }

    // The log refused our number: another activation has gone on from where we believed to be. It owns the user now.
    private InferenceException Superseded(PredictionDraft draft)
    {
        var predictionId = draft.Prediction.PredictionId;
        LogSuperseded(_services.Logger, predictionId);
        _services.Instruments.OnRecordRefused(draft.Plan.Model);
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
    private static partial void LogSuperseded(ILogger logger, Guid predictionId);

    [LoggerMessage(EventIds.RecordLost, LogLevel.Warning, "Prediction {PredictionId} was answered and not recorded, as its model's logging = bestEffort allows")]
    private static partial void LogRecordLost(ILogger logger, Exception cause, Guid predictionId);

    // Without the user: that is what is gone.
    [LoggerMessage(EventIds.UserErased, LogLevel.Information, "A user was erased, with {Predictions} predictions and {Messages} messages")]
    private static partial void LogErased(ILogger logger, int predictions, int messages);
}

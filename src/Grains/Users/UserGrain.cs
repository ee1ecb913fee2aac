using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using OrleansInference.Grains.Diagnostics;
using OrleansInference.Grains.Features;
using OrleansInference.Grains.Models;
using OrleansInference.Grains.Models.Planning;
using OrleansInference.Grains.PostProcessing;

namespace OrleansInference.Grains.Users;

/// <summary>One user: owns the path of a prediction, the user's cached features and the order of the user's records.</summary>
/// <remarks>Reentrant: predictions of one user overlap while they wait; state changes happen between awaits only.</remarks>
[Reentrant, GrainType("user")]
internal sealed partial class UserGrain : Grain, IUserGrain
{
    private readonly ModelCatalog _models;
    private readonly TimeProvider _time;
    private readonly InferenceInstruments _instruments;
    private readonly ILogger<UserGrain> _logger;
    private readonly string _key;
    private readonly string _userId;
    private readonly UserFeatures _features;
    private readonly UserJournal _journal;

    public UserGrain(
        IGrainContext context, ModelCatalog models, IPredictionLog log, TimeProvider time, InferenceInstruments instruments, ILogger<UserGrain> logger)
    {
        _models = models;
        _time = time;
        _instruments = instruments;
        _logger = logger;
        _key = context.GrainId.Key.ToString()!;
        _userId = UserKey.ToUserId(_key);
        _features = new UserFeatures(_userId, time);
        _journal = new UserJournal(_key, log);
    }

    public async Task<Prediction> PredictAsync(PredictionRequest request, CancellationToken cancellationToken)
    {
        // Held to the end: the features are made for these versions, whatever is served when they are ready.
        var model = await _models.AcquirePredictingAsync(request.Model, cancellationToken);
        try
        {
            return await PredictInTimeAsync(model, request, cancellationToken);
        }
        finally
        {
            model.Release();
        }
    }

    public Task<UserState> GetStateAsync() => Task.FromResult(new UserState
    {
        UserId = _userId,
        LastSequence = _journal.LastSequence,
        Features = [.. _features.Views.Where(view => view.Row is not null).Select(view => new CachedFeatures(
            view.View.Name,
            view.Age,
            view.IsFresh,
            [.. view.View.Columns.Select((column, i) => KeyValuePair.Create(column.Name, view.Row!.Values[i].ToObject()))]))],
    });

    private async Task<Prediction> PredictInTimeAsync(ServedModel model, PredictionRequest request, CancellationToken cancellationToken)
    {
        var plan = model.Plan!;
        using var budget = new TimeBudget(plan.Deadline, _time, cancellationToken);
        var outcome = nameof(InferenceErrorCode.Internal);
        try
        {
            var prediction = await PredictAsync(model, request, budget);
            outcome = prediction.Degraded ? "degraded" : "ok";
            return prediction;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            outcome = nameof(InferenceErrorCode.Cancelled);
            throw;
        }
        catch (OperationCanceledException)
        {
            outcome = nameof(InferenceErrorCode.DeadlineExceeded);
            throw DeadlineExceeded(plan, request);
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
        var bound = plan.Request.Bind(request, _time.GetUtcNow());
        _journal.BeginLoad();
        var features = await _features.AssembleAsync(plan, bound, budget);
        var featuresAfter = budget.Elapsed;
        var inference = await GrainFactory.GetGrain<IModelGrain>(plan.Model).InferAsync(features.ToInferenceRequest(_key, model.Generation), budget.Token);
        var inferenceTook = budget.Elapsed - featuresAfter;
        var prediction = ToPrediction(model, request, features, inference);
        var times = new PredictionTimes(bound.At, featuresAfter, inferenceTook, budget.Elapsed);
        var body = PredictionBody.Encode(plan.Schema.Id, prediction, features, inference.Outputs, times, RequestFingerprint.Of(plan.Request, request.Fields));
        await RecordAsync(plan, bound, inference, prediction, body, budget);
        return prediction;
    }

    private static Prediction ToPrediction(ServedModel model, PredictionRequest request, FeatureVector features, InferenceResponse inference) => new()
    {
        PredictionId = request.PredictionId,
        Value = ReadValue(model, inference),
        Info = features.Info(),
        Model = model.Name,
        ModelVersion = inference.Version,
        Degraded = features.Degraded,
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

    private async Task RecordAsync(PredictPlan plan, BoundRequest bound, InferenceResponse inference, Prediction prediction, byte[] body, TimeBudget budget)
    {
        var now = _time.GetUtcNow();
        var messages = OutboxMessage.For(plan, _userId, bound, prediction, now);
        var outcome = await _journal.AppendAsync(
            (sequence, chain) => new PredictionRecord
            {
                Id = prediction.PredictionId,
                User = _key,
                Sequence = sequence,
                Model = plan.Model,
                Version = prediction.ModelVersion,
                Variant = inference.Variant,
                CreatedAt = now,
                Schema = plan.Schema,
                Body = body,
                Messages = messages,
                Chain = chain,
            },
            budget.Token);
        if (outcome is not AppendOutcome.Appended) throw Superseded(prediction.PredictionId);
    }

    // The log refused our number: another activation has gone on from where we believed to be. It owns the user now.
    private InferenceException Superseded(Guid predictionId)
    {
        LogSuperseded(predictionId);
        DeactivateOnIdle();
        return new InferenceException(
            InferenceErrorCode.NotReady, $"The user moved to another activation while prediction {predictionId} was under way; nothing was recorded. Retry.", TimeSpan.FromSeconds(1));
    }

    private static InferenceException DeadlineExceeded(PredictPlan plan, PredictionRequest request) => new(
        InferenceErrorCode.DeadlineExceeded,
        $"Prediction {request.PredictionId} took longer than predict.deadline = {plan.Deadline} in the manifest of {plan.Model}. Raise it, or find the slow stage in the metrics.");

    [LoggerMessage(EventIds.UserSuperseded, LogLevel.Warning, "Another activation has recorded for the user of prediction {PredictionId}; this one deactivates")]
    private partial void LogSuperseded(Guid predictionId);
}

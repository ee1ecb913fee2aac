using OrleansInference.Grains.Features;
using OrleansInference.Grains.Features.Transforms;
using OrleansInference.Grains.Features.Windows;
using OrleansInference.Grains.PostProcessing;
using OrleansInference.Grains.PostProcessing.Outbox;

namespace OrleansInference.Grains.Models.Planning;

/// <summary>A manifest's <c>predict</c> section, checked and compiled: what a prediction does, by position instead of by name.</summary>
/// <remarks>
/// All features of a prediction stand in one array: the request's fields first, then each source's columns from its offset, then
/// each transform's from its own.
/// </remarks>
public sealed record PredictPlan
{
    private static readonly TimeSpan LongestMaxAge = TimeSpan.FromDays(365);

    public required string Model { get; init; }

    public required RequestContract Request { get; init; }

    public required IReadOnlyList<PlannedSource> Sources { get; init; }

    /// <summary>The names by position; with <see cref="FeatureSchema"/> they give a stored record its names back.</summary>
    public required FeatureSchema Schema { get; init; }

    /// <summary>The features that callers may set.</summary>
    public OverrideContract Overridable { get; init; } = OverrideContract.None;

    public required IReadOnlyList<PlannedDefault> Defaults { get; init; }

    /// <summary>What is computed from the other features, in this order.</summary>
    public IReadOnlyList<PlannedTransform> Transforms { get; init; } = [];

    public required IReadOnlyList<PlannedInput> Inputs { get; init; }

    public required PlannedOutput Output { get; init; }

    public required PlannedInfo Info { get; init; }

    public required IReadOnlyList<OutboxRule> Rules { get; init; }

    public required TimeSpan Deadline { get; init; }

    /// <summary>What becomes of features that are not there in time.</summary>
    public DeadlinePolicy OnDeadline { get; init; }

    public PredictionLogging Logging { get; init; }

    /// <summary>What makes a prediction an event; null where none is.</summary>
    public PlannedEvent? Event { get; init; }

    /// <summary>The window views among <see cref="Sources"/>.</summary>
    public IReadOnlyList<PlannedWindow> Windows { get; init; } = [];

    /// <summary>Whether predictions depend on the order of the user's events.</summary>
    public bool HasWindows => Event is not null || Windows.Count > 0;

    /// <summary>Whether a view of the user's is read that may have been pushed to.</summary>
    public bool HasViews { get; init; }

    /// <summary>Whether one of them has no database behind it.</summary>
    public bool HasPushedViews { get; init; }

    /// <summary>Checks a request against what the model takes.</summary>
    /// <exception cref="InferenceException">InvalidInput; every fault at once.</exception>
    public BoundRequest Bind(PredictionRequest request, DateTimeOffset now) =>
        TryBind(request, now, out var bound) is { Count: > 0 } faults ? throw InferenceException.InvalidInput(faults) : bound!;

    /// <summary>The faults of a request; none when <paramref name="bound"/> can be used.</summary>
    public IReadOnlyList<FieldError> TryBind(PredictionRequest request, DateTimeOffset now, out BoundRequest? bound)
    {
        var faults = Request.TryBind(request, now, out bound);
        if (request is { IdempotencyKey: null, MaxAge: null, Overrides.Count: 0 }) return faults;

        var all = new List<FieldError>(faults);
        if (CheckKey(request.IdempotencyKey, request.Unrecorded) is { } fault) all.Add(new FieldError("request_id", fault, ((RequestValue)request.IdempotencyKey).ToDisplay()));
        if (request.MaxAge < TimeSpan.Zero || request.MaxAge > LongestMaxAge) all.Add(new FieldError("max_age", "must be from zero to one year", request.MaxAge.Value.ToString()));
        var overrides = Overridable.Bind(request.Overrides, all);
        bound = bound is null ? null : bound with { Overrides = overrides, MaxAge = request.MaxAge };
        return all;
    }

    private string? CheckKey(string? key, bool unrecorded)
    {
        if (key is null) return null;
        if (unrecorded) return "cannot be kept: the request asks not to be recorded. Leave the key out, or record=false";
        return Logging is PredictionLogging.Off
            ? $"cannot be kept: model {Model} records nothing (predict.logging is off). Leave the key out"
            : IdempotencyKey.Validate(key);
    }
}

/// <summary>A source and the position of its first column.</summary>
public sealed record PlannedSource(IFeatureSource Source, int Offset);

/// <summary>A window view among the sources.</summary>
/// <param name="View">The view.</param>
/// <param name="Source">Its index among the plan's sources.</param>
/// <param name="Offset">The position of its first column.</param>
public sealed record PlannedWindow(WindowView View, int Source, int Offset);

/// <summary>A request field that takes a feature's value when it was not sent.</summary>
public sealed record PlannedDefault(int Field, int Feature, FeatureValue OrElse);

/// <summary>The text of the answer: a feature, or <see cref="OrElse"/> when that is missing.</summary>
public sealed record PlannedInfo(int? Feature, string OrElse);

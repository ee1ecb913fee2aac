using System.Diagnostics.CodeAnalysis;

namespace OrleansInference;

/// <summary>What became of one request of a batch: a prediction or a failure.</summary>
public sealed record PredictionResult
{
    private PredictionResult()
    {
    }

    /// <summary>The prediction; null where there is a failure.</summary>
    public Prediction? Prediction { get; private init; }

    /// <summary>An <see cref="InferenceException"/>, or what Orleans says of a silo that cannot be reached; null where there is a prediction.</summary>
    public Exception? Failure { get; private init; }

    /// <summary>Whether there is a prediction.</summary>
    [MemberNotNullWhen(true, nameof(Prediction)), MemberNotNullWhen(false, nameof(Failure))]
    public bool IsSuccess => Prediction is not null;

    /// <summary>A prediction.</summary>
    public static PredictionResult Of(Prediction prediction) => new() { Prediction = prediction };

    /// <summary>A failure.</summary>
    public static PredictionResult Of(Exception failure) => new() { Failure = failure };
}

namespace OrleansInference;

/// <summary>Every failure that a caller of the inference service can meet.</summary>
/// <remarks>
/// It crosses silos, so it carries no inner exception: drivers' exceptions cannot be serialised. The silo logs the cause.
/// </remarks>
[GenerateSerializer, Immutable, Alias("inference.exception")]
public sealed class InferenceException : Exception
{
    // A small body can hold tens of thousands of faults; the answer stays small too.
    internal const int MaxFields = 50;

    /// <summary>Creates a failure with a message for people: what happened, the setting, its present value, the remedy.</summary>
    public InferenceException(InferenceErrorCode code, string message, TimeSpan? retryAfter = null)
        : base(message)
    {
        Code = code;
        RetryAfter = retryAfter;
    }

    private InferenceException(IReadOnlyList<FieldError> fields)
        : this(InferenceErrorCode.InvalidInput, Summarize(fields)) => Fields = [.. fields.Take(MaxFields)];

    /// <summary>The machine-readable reason.</summary>
    [Id(0)]
    public InferenceErrorCode Code { get; private set; }

    /// <summary>The faulty fields of an <see cref="InferenceErrorCode.InvalidInput"/>; otherwise empty.</summary>
    [Id(1)]
    public IReadOnlyList<FieldError> Fields { get; private set; } = [];

    /// <summary>How long to wait before a retry can help; null when a retry cannot.</summary>
    [Id(2)]
    public TimeSpan? RetryAfter { get; private set; }

    /// <summary>All faults of a request at once, so that the caller mends them in one go; of a flood of them, the first 50.</summary>
    public static InferenceException InvalidInput(params IReadOnlyList<FieldError> fields) => new(fields);

    private static string Summarize(IReadOnlyList<FieldError> fields)
    {
        var told = fields.Take(MaxFields).Select(fault => $"{(fault.Field.Length == 0 ? "the body" : fault.Field)} {fault.Message}");
        var faults = string.Join("; ", told);
        return fields.Count > MaxFields ? $"{faults}; and {fields.Count - MaxFields} more faults" : faults;
    }
}

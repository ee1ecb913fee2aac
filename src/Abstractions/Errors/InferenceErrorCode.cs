namespace OrleansInference;

/// <summary>What went wrong, in the caller's terms. The API maps each code to one HTTP status.</summary>
public enum InferenceErrorCode
{
    /// <summary>A defect of ours. Not worth a retry.</summary>
    Internal = 0,

    /// <summary>The request is wrong; <see cref="InferenceException.Fields"/> says where. Not worth a retry.</summary>
    InvalidInput = 1,

    /// <summary>No such model, version, user or prediction; the message names what there is.</summary>
    NotFound = 2,

    /// <summary>The model's queue is full, or as many replays run as may. Retry after <see cref="InferenceException.RetryAfter"/>.</summary>
    QueueFull = 3,

    /// <summary>The caller left before the answer was ready.</summary>
    Cancelled = 4,

    /// <summary>The program is starting, stopping or moving the user. Retry after <see cref="InferenceException.RetryAfter"/>.</summary>
    NotReady = 5,

    /// <summary>A database, or a service that the model needs, did not do its part in time. Nothing was lost; retry after <see cref="InferenceException.RetryAfter"/>.</summary>
    StorageUnavailable = 6,

    /// <summary>The time budget ran out. The prediction may have been recorded: look it up by its id.</summary>
    DeadlineExceeded = 7,

    /// <summary>The model itself failed on this input or answered with something that is not a number.</summary>
    ModelFailed = 8,

    /// <summary>The caller did not say who they are, or not rightly.</summary>
    Unauthenticated = 9,

    /// <summary>The address takes other HTTP methods than this one.</summary>
    MethodNotAllowed = 10,

    /// <summary>The body is larger than the API takes.</summary>
    PayloadTooLarge = 11,

    /// <summary>The body is not said to be in a format that the API reads.</summary>
    UnsupportedMediaType = 12,

    /// <summary>The idempotency key or prediction id was used before, with another body. Not worth a retry.</summary>
    IdempotencyConflict = 13,

    /// <summary>The request comes from where none is taken, such as the web page of somebody else.</summary>
    Forbidden = 14,
}

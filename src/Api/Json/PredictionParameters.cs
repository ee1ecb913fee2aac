using System.Globalization;

namespace OrleansInference.Api.Json;

/// <summary>How a prediction is to be made, beside its body: the parameters <c>record</c> and <c>details</c>, the header <c>X-Request-Timeout-Ms</c>.</summary>
internal readonly record struct PredictionParameters(bool Record, bool Details, TimeSpan? Timeout)
{
    public const string TimeoutHeader = "X-Request-Timeout-Ms";

    private const int LongestTimeoutMs = 3_600_000;

    /// <exception cref="InferenceException">InvalidInput; every fault at once.</exception>
    public static PredictionParameters Read(HttpRequest request)
    {
        List<FieldError>? faults = null;
        var read = new PredictionParameters(
            ReadFlag(request, "record", absent: true, ref faults),
            ReadFlag(request, "details", absent: false, ref faults),
            ReadTimeout(request.Headers[TimeoutHeader].ToString(), ref faults));
        return faults is null ? read : throw InferenceException.InvalidInput(faults);
    }

    /// <summary>A new request made so; where nothing is said, it is so already.</summary>
    public PredictionRequest Apply(PredictionRequest request) =>
        this == new PredictionParameters(true, false, null) ? request : request with { Unrecorded = !Record, Details = Details, Timeout = Timeout };

    private static bool ReadFlag(HttpRequest request, string name, bool absent, ref List<FieldError>? faults)
    {
        if (!request.QueryString.HasValue) return absent;
        var value = request.Query[name].ToString();
        if (value is not ("" or "true" or "false")) (faults ??= []).Add(new FieldError(name, "must be true or false", ((RequestValue)value).ToDisplay()));
        return value.Length == 0 ? absent : value is "true";
    }

    private static TimeSpan? ReadTimeout(string value, ref List<FieldError>? faults)
    {
        if (value.Length == 0) return null;
        if (int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var ms) && ms is > 0 and <= LongestTimeoutMs) return TimeSpan.FromMilliseconds(ms);
        (faults ??= []).Add(new FieldError(TimeoutHeader, $"must be a whole number of milliseconds from 1 to {LongestTimeoutMs}", ((RequestValue)value).ToDisplay()));
        return null;
    }
}

using System.Globalization;

namespace OrleansInference.Api.Json;

/// <summary>How a prediction is to be made, beside its body: the parameters <c>record</c> and <c>details</c>, the header <c>X-Request-Timeout-Ms</c>.</summary>
internal sealed record PredictionParameters(bool Record, bool Details, TimeSpan? Timeout)
{
    public const string TimeoutHeader = "X-Request-Timeout-Ms";

    private const int LongestTimeoutMs = 3_600_000;

    /// <exception cref="InferenceException">InvalidInput; every fault at once.</exception>
    public static PredictionParameters Read(HttpRequest request)
    {
        List<FieldError> faults = [];
        var read = new PredictionParameters(
            ReadFlag(request.Query, "record", absent: true, faults),
            ReadFlag(request.Query, "details", absent: false, faults),
            ReadTimeout(request.Headers[TimeoutHeader].ToString(), faults));
        return faults.Count == 0 ? read : throw InferenceException.InvalidInput(faults);
    }

    public PredictionRequest Apply(PredictionRequest request) => request with { Unrecorded = !Record, Details = Details, Timeout = Timeout };

    private static bool ReadFlag(IQueryCollection query, string name, bool absent, List<FieldError> faults)
    {
        var value = query[name].ToString();
        if (value is not ("" or "true" or "false")) faults.Add(new FieldError(name, "must be true or false", ((RequestValue)value).ToDisplay()));
        return value.Length == 0 ? absent : value is "true";
    }

    private static TimeSpan? ReadTimeout(string value, List<FieldError> faults)
    {
        if (value.Length == 0) return null;
        if (int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var ms) && ms is > 0 and <= LongestTimeoutMs) return TimeSpan.FromMilliseconds(ms);
        faults.Add(new FieldError(TimeoutHeader, $"must be a whole number of milliseconds from 1 to {LongestTimeoutMs}", ((RequestValue)value).ToDisplay()));
        return null;
    }
}

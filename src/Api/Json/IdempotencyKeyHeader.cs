namespace OrleansInference.Api.Json;

/// <summary>The header <c>Idempotency-Key</c>: the same as <c>request_id</c> in the body.</summary>
internal static class IdempotencyKeyHeader
{
    public const string Name = "Idempotency-Key";

    /// <summary>The request with the header's key, where there is one, and the faults that it adds.</summary>
    public static (PredictionRequest Request, List<FieldError>? Faults) Apply(IHeaderDictionary headers, (PredictionRequest Request, List<FieldError>? Faults) parsed)
    {
        if (headers[Name] is not { Count: > 0 } sent) return parsed;

        var key = sent.ToString();
        return FindFault(sent.Count, key, parsed.Request.IdempotencyKey) is { } fault
            ? (parsed.Request with { IdempotencyKey = null }, [.. parsed.Faults ?? [], new FieldError(Name, fault, ((RequestValue)key).ToDisplay())])
            : (parsed.Request with { IdempotencyKey = key }, parsed.Faults);
    }

    private static string? FindFault(int count, string key, string? requestId)
    {
        if (count > 1) return "was sent twice; send it once";
        if (requestId is not null && requestId != key) return "differs from request_id in the body; send one of them";
        return IdempotencyKey.Validate(key);
    }
}

namespace FraudDemo;

/// <summary>Errors as problem+json.</summary>
internal static class Problems
{
    /// <summary>A field the service cannot use: names it, with its value and what would do.</summary>
    public static IResult BadField(string field, string? value, string expectation) => Results.Problem(
        title: "Bad request",
        detail: value is null ? $"{field} is missing; it must be {expectation}." : $"{field} is '{value}'; it must be {expectation}.",
        statusCode: StatusCodes.Status400BadRequest,
        extensions: new Dictionary<string, object?> { ["field"] = field, ["value"] = value });

    /// <summary>Something the service does not have.</summary>
    public static IResult NotFound(string detail)
        => Results.Problem(title: "Not found", detail: detail, statusCode: StatusCodes.Status404NotFound);
}

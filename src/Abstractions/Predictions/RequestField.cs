namespace OrleansInference;

/// <summary>A named value of a prediction request.</summary>
/// <param name="Name">The field's name or alias in the model's manifest.</param>
/// <param name="Value">The value as it came.</param>
[GenerateSerializer, Immutable, Alias("inference.request-field")]
public readonly record struct RequestField([property: Id(0)] string Name, [property: Id(1)] RequestValue Value);

namespace OrleansInference.Grains.Features.Transforms;

/// <summary>Features computed from two others each, without code. Section <c>Inference:Transforms:{name}</c>.</summary>
public sealed class TransformOptions
{
    /// <summary>The features, by name.</summary>
    public Dictionary<string, ArithmeticOptions> Columns { get; set; } = [];
}

/// <summary>One operation on two operands: features by full name such as <c>request.amount</c>, or numbers. Set exactly one.</summary>
public sealed class ArithmeticOptions
{
    /// <summary>The sum. Default: none.</summary>
    public string[]? Add { get; set; }

    /// <summary>The first less the second. Default: none.</summary>
    public string[]? Subtract { get; set; }

    /// <summary>The product. Default: none.</summary>
    public string[]? Multiply { get; set; }

    /// <summary>The first divided by the second; by zero has no value. Default: none.</summary>
    public string[]? Divide { get; set; }

    /// <summary>The value where an operand is missing or the outcome is not finite. Required for features that a model takes as input. Default: none.</summary>
    public double? Default { get; set; }
}

using System.Diagnostics.CodeAnalysis;

namespace OrleansInference.Api;

/// <summary>A prediction's identity as callers write it.</summary>
internal static class PredictionId
{
    /// <exception cref="InferenceException">InvalidInput: no UUID.</exception>
    public static Guid Read(string text) => TryRead(text, out var id, out var fault) ? id : throw InferenceException.InvalidInput(fault);

    public static bool TryRead(string text, out Guid id, [NotNullWhen(false)] out FieldError? fault)
    {
        // Without braces and other forms that only .NET knows.
        fault = Guid.TryParseExact(text, "D", out id) && id != Guid.Empty
            ? null
            : new FieldError("prediction_id", "must be a UUID such as 01890a5d-ac96-774b-bcce-b302099a8057", ((RequestValue)text).ToDisplay());
        return fault is null;
    }
}

namespace OrleansInference.Api.OpenInference;

/// <summary>The parameters of a load or unload: those that change nothing here are ignored, those that would are refused.</summary>
internal static class RepositoryParameters
{
    /// <exception cref="InferenceException">InvalidInput: it would change the model.</exception>
    public static void Check(string name)
    {
        if (name is "config" || name.StartsWith("file:", StringComparison.Ordinal))
            throw InferenceException.InvalidInput(new FieldError($"parameter '{FieldError.Quote(name)}'", "would change the model, whose files are the repository's; write them there, then load without it", null));
    }
}

namespace OrleansInference.Grains;

/// <summary>What holds for the whole program. Section <c>Inference</c>.</summary>
public sealed class InferenceOptions
{
    /// <summary>The model that answers <c>POST /predict</c>. Default: the only model with a <c>predict</c> section.</summary>
    public string? DefaultModel { get; set; }

    /// <summary>The folder of the databases. Default: <c>data</c> in the repository's root, or beside the program where it was published.</summary>
    public string DataDirectory { get; set; } = "";
}

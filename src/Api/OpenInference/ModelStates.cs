namespace OrleansInference.Api.OpenInference;

/// <summary>States of model versions by the names that the model repository extension gives them.</summary>
internal static class ModelStates
{
    public static string NameOf(ModelState state) => state switch
    {
        ModelState.Ready => "READY",
        ModelState.Loading => "LOADING",
        ModelState.Unloading => "UNLOADING",
        _ => "UNAVAILABLE",
    };
}

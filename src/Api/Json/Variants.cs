namespace OrleansInference.Api.Json;

/// <summary>Why a version answered, in words.</summary>
internal static class Variants
{
    public static string NameOf(ModelVariant variant) => variant switch
    {
        ModelVariant.Default => "default",
        ModelVariant.Canary => "canary",
        _ => "pinned",
    };
}

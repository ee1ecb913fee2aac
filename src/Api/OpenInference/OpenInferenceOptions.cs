using System.ComponentModel.DataAnnotations;

namespace OrleansInference.Api.OpenInference;

/// <summary>What the Open Inference Protocol takes. Section <c>Inference:OpenInference</c>.</summary>
internal sealed class OpenInferenceOptions
{
    public const string Section = "Inference:OpenInference";
    public const string MaxBodySetting = $"{Section}:{nameof(MaxBodyBytes)}";

    /// <summary>
    /// Largest body of a request under /v2, in bytes; a larger one is refused with 413. Default: 67,108,864 (64 MiB). Range: 1,024 to
    /// 1,073,741,824 (1 GiB). A body is held in memory while it is read, and its tensors take up to four times as much.
    /// </summary>
    [Range(1024, 1 << 30, ErrorMessage = $"{MaxBodySetting} must be between {{1}} and {{2}} bytes.")]
    public int MaxBodyBytes { get; set; } = 64 << 20;
}

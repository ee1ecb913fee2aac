using System.ComponentModel.DataAnnotations;

namespace OrleansInference.Silo;

/// <summary>The end of the program. Section <c>Inference:Shutdown</c>.</summary>
public sealed class ShutdownOptions
{
    /// <summary>Longest time from the signal to the end: requests are answered, users' state is written and leases are given back meanwhile. Default: 30 s; 1 s to 10 min.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00", ErrorMessage = "Timeout is out of range. Set it to 00:00:01 to 00:10:00.")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(30);
}

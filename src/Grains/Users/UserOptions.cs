using System.ComponentModel.DataAnnotations;

namespace OrleansInference.Grains.Users;

/// <summary>Users in memory. Section <c>Inference:Users</c>.</summary>
internal sealed class UserOptions
{
    /// <summary>How long a user stays in memory without a prediction; what is cached is read again after that. Default: 15 minutes.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromMinutes(15);
}

using System.Text.Json.Serialization;

namespace FraudDemo;

/// <summary>What is known about a terminal at an instant: how many payments it had and what share of them was fraud.</summary>
/// <remarks>
/// A fraud is known a week after it happened, so at time t a window of w days holds the payments in (t - 7 d - w, t - 7 d]. A
/// date is its first instant, 00:00 UTC: that answer holds nothing that is not known at every instant of the day, so a caller
/// may keep it for the whole day. It is up to a day behind the exact windows that the models are trained on.
/// </remarks>
public sealed record TerminalRisk
{
    /// <summary>From this share of fraud in a week or a month the terminal is at high risk: a compromised one reaches it soon.</summary>
    private const double HighRisk = 0.5;

    /// <summary>From this share in any window it is at elevated risk: a single fraud among a week's payments is enough.</summary>
    private const double ElevatedRisk = 0.1;

    /// <summary>The terminal, as text: callers treat ids as opaque.</summary>
    [JsonPropertyName("terminal_id"), JsonPropertyOrder(-2)]
    public required string TerminalId { get; init; }

    /// <summary>The instant asked for, in UTC.</summary>
    [JsonPropertyName("at"), JsonPropertyOrder(-1)]
    public required DateTime At { get; init; }

    /// <summary>Payments in the window of one day.</summary>
    [JsonPropertyName("count_1d")]
    public required long Count1d { get; init; }

    /// <summary>Share of fraud in the window of one day, 0 to 1; 0 without payments.</summary>
    [JsonPropertyName("risk_1d")]
    public required double Risk1d { get; init; }

    /// <summary>Payments in the window of seven days.</summary>
    [JsonPropertyName("count_7d")]
    public required long Count7d { get; init; }

    /// <summary>Share of fraud in the window of seven days, 0 to 1; 0 without payments.</summary>
    [JsonPropertyName("risk_7d")]
    public required double Risk7d { get; init; }

    /// <summary>Payments in the window of thirty days.</summary>
    [JsonPropertyName("count_30d")]
    public required long Count30d { get; init; }

    /// <summary>Share of fraud in the window of thirty days, 0 to 1; 0 without payments.</summary>
    [JsonPropertyName("risk_30d")]
    public required double Risk30d { get; init; }

    /// <summary>A sentence for people, for example <c>terminal 3156: low risk</c>.</summary>
    [JsonPropertyName("description"), JsonPropertyOrder(1)]
    public string Description => $"terminal {TerminalId}: {Level} risk";

    private string Level
        => Math.Max(Risk7d, Risk30d) >= HighRisk ? "high"
            : Math.Max(Risk1d, Math.Max(Risk7d, Risk30d)) >= ElevatedRisk ? "elevated"
            : "low";
}

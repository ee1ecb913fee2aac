using System.Globalization;

namespace OrleansInference.ShadowLatency;

/// <summary>What has become of the copies so far, by the silo's own metrics.</summary>
internal sealed class ShadowCopies(int metricsPort) : IDisposable
{
    private const string Counter = "inference_shadow_requests";

    private readonly HttpClient _http = new() { BaseAddress = new Uri($"http://127.0.0.1:{metricsPort}") };

    /// <summary>Copies that were run to the end and compared, and all that were made.</summary>
    public async Task<(double Compared, double All)> CountAsync()
    {
        var lines = (await _http.GetStringAsync("/metrics")).Split('\n').Where(line => line.StartsWith(Counter, StringComparison.Ordinal)).ToArray();
        return (lines.Where(line => line.Contains("outcome=\"ok\"", StringComparison.Ordinal)).Sum(Value), lines.Sum(Value));
    }

    public void Dispose() => _http.Dispose();

    // The value is what follows the labels; a time may follow it.
    private static double Value(string line) => double.Parse(line[(line.LastIndexOf('}') + 2)..].Split(' ')[0], CultureInfo.InvariantCulture);
}

using System.Globalization;

namespace FraudDemo;

/// <summary>The bank's terminal-risk service: a stand-in for an external service with data of its own.</summary>
/// <remarks>
/// SQLite has no asynchronous I/O, and each query here takes its tens of microseconds on the request's thread. That is fine for
/// a demo service that does nothing else; the silo, where many wait on one pool, has threads of its own for it.
/// </remarks>
public sealed class TerminalRiskService : IDemoService
{
    private readonly LoopbackHost _host;
    private readonly TerminalRiskReaderPool _readers;

    private TerminalRiskService(LoopbackHost host, TerminalRiskReaderPool readers) => (_host, _readers) = (host, readers);

    /// <inheritdoc/>
    public Uri Address => _host.Address;

    /// <inheritdoc/>
    public long Requests => _host.Requests;

    /// <summary>Starts <c>GET /terminals/{id}/risk?at=</c> over a database made by <see cref="FraudDatabase"/>.</summary>
    /// <exception cref="FileNotFoundException">There is no such database.</exception>
    public static async Task<TerminalRiskService> StartAsync(
        string databasePath, string url = "http://127.0.0.1:0", CancellationToken cancellationToken = default)
    {
        if (!File.Exists(databasePath)) throw new FileNotFoundException($"There is no database at {databasePath}.", databasePath);
        var readers = new TerminalRiskReaderPool(FraudDatabase.ReadOnlyConnectionString(databasePath));
        return new(await LoopbackHost.StartAsync(url, endpoints => Map(endpoints, readers), cancellationToken), readers);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        _readers.Dispose();
    }

    private static void Map(IEndpointRouteBuilder endpoints, TerminalRiskReaderPool readers)
        => endpoints.MapGet("/terminals/{id}/risk", (string id, HttpRequest request) => GetRisk(id, request.Query["at"], readers));

    private static IResult GetRisk(string id, string? at, TerminalRiskReaderPool readers)
    {
        var instant = TimeProvider.System.GetUtcNow();
        if (at is not null && !Instant.TryParse(at, out instant)) return Problems.BadField("at", at, Instant.Expectation);
        return TryParseId(id, out var terminalId) && readers.Find(terminalId, instant) is { } risk
            ? Results.Json(risk)
            : Problems.NotFound($"There is no terminal '{id}'.");
    }

    /// <summary>Ids have one spelling: 007 is not terminal 7.</summary>
    private static bool TryParseId(string text, out int id)
        => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out id) && text == $"{id}";
}

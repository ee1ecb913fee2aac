using System.Buffers;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using OrleansInference.Grains.Diagnostics;

namespace OrleansInference.Grains.Features.External;

/// <summary>Features from an HTTP service. Down, slow or talking nonsense, it costs its defaults and a flag, never the prediction.</summary>
public sealed partial class ExternalService : IFeatureSource
{
    private readonly ExternalServiceOptions _options;
    private readonly FeatureColumn[] _columns;
    private readonly PathTemplate _path;
    private readonly IHttpClientFactory _clients;
    private readonly TimeProvider _time;
    private readonly InferenceInstruments _instruments;
    private readonly ILogger<ExternalService> _logger;
    private readonly string _baseAddress;

    public ExternalService(
        string name,
        ExternalServiceOptions options,
        IHttpClientFactory clients,
        TimeProvider time,
        InferenceInstruments instruments,
        ILogger<ExternalService> logger)
    {
        var section = $"Inference:ExternalServices:{name}";
        Name = name;
        _options = options;
        _columns = FeatureColumnOptions.Compile(section, options.Columns);
        _path = new PathTemplate($"{section}:Path", options.Path);
        _clients = clients;
        _time = time;
        _instruments = instruments;
        _logger = logger;
        _baseAddress = ParseBaseAddress(options.BaseAddress)
            ?? throw new InferenceStartupException($"{section}:BaseAddress is '{options.BaseAddress}'. Set it to an http or https address without a query.");
    }

    public string Name { get; }

    public IReadOnlyList<FeatureColumn> Columns => _columns;

    public IReadOnlyList<string> RequestFields => _path.Fields;

    public async ValueTask<FeatureRow> ReadAsync(FeatureQuery query)
    {
        _instruments.OnFeatureQuery(Name);
        using var deadline = new CancellationTokenSource(query.Budget.Share(_options.Timeout), _time);
        using var caller = query.Budget.Token.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), deadline);
        try
        {
            return await FetchAsync(query, deadline.Token);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or JsonException or IOException or InvalidOperationException)
        {
            // InvalidOperationException is System.Text.Json's answer to a string that is not valid Unicode.
            // A caller who left needs no fallback; one who waits gets an answer by default values.
            query.Budget.Token.ThrowIfCancellationRequested();
            _instruments.OnFeatureFailure(Name);
            LogServiceFailed(e, Name, _baseAddress);
            return FeatureRow.Defaults(_columns, _time.GetTimestamp(), degraded: true);
        }
    }

    private async Task<FeatureRow> FetchAsync(FeatureQuery query, CancellationToken cancellationToken)
    {
        using var client = _clients.CreateClient(Name);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{_baseAddress}/{_path.Fill(query).TrimStart('/')}");
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        response.EnsureSuccessStatusCode();

        await response.Content.LoadIntoBufferAsync(_options.MaxResponseBytes, cancellationToken);
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        using var json = await JsonDocument.ParseAsync(body, default, cancellationToken);
        return Map(json.RootElement);
    }

    private static string? ParseBaseAddress(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var address) && address is { Scheme: "http" or "https", Query: "", Fragment: "" }
            ? address.AbsoluteUri.TrimEnd('/')
            : null;

    private FeatureRow Map(JsonElement answer)
    {
        if (answer.ValueKind is not JsonValueKind.Object) throw new JsonException($"the answer is {answer.ValueKind}, not an object");

        var values = new FeatureValue[_columns.Length];
        var degraded = false;
        for (var i = 0; i < values.Length; i++)
        {
            degraded |= !TryMap(answer, _columns[i], out values[i]);
        }

        return new FeatureRow(values, _time.GetTimestamp(), degraded);
    }

    private static bool TryMap(JsonElement answer, FeatureColumn column, out FeatureValue value)
    {
        value = column.Default;
        if (!answer.TryGetProperty(column.SourceName, out var property)) return false;

        switch (property.ValueKind)
        {
            case JsonValueKind.Null:
                return true;
            case JsonValueKind.Number when column.Type is FeatureType.Number && property.TryGetDouble(out var number) && double.IsFinite(number):
                value = FeatureValue.Of(number);
                return true;
            case JsonValueKind.True or JsonValueKind.False when column.Type is FeatureType.Number:
                value = FeatureValue.Of(property.GetBoolean() ? 1 : 0);
                return true;
            case JsonValueKind.String when column.Type is FeatureType.Text:
                value = FeatureValue.Of(property.GetString()!);
                return true;
            default:
                return false;
        }
    }

    [LoggerMessage(EventIds.ExternalServiceFailed, LogLevel.Warning, "External service {ServiceName} at {Address} failed; default values stand in")]
    private partial void LogServiceFailed(Exception cause, string serviceName, string address);
}

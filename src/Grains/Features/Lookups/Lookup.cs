using Microsoft.Extensions.Logging;
using OrleansInference.Grains.Diagnostics;

namespace OrleansInference.Grains.Features.Lookups;

/// <summary>Features from an auxiliary file: read into memory at the start, and again when it has changed.</summary>
/// <remarks>
/// Promises: a reader sees one state of the file, whole; a new state that cannot be used leaves the old one serving, and is
/// told of once. Threads: any thread reads; one at a time looks.
/// </remarks>
public sealed partial class Lookup : IFeatureSource
{
    private readonly LookupOptions _options;
    private readonly LookupFile _file;
    private readonly TimeProvider _time;
    private readonly InferenceInstruments _instruments;
    private readonly ILogger<Lookup> _logger;
    private volatile LookupContent _content;
    private volatile string? _lastError;
    private FileVersion _seen;
    private FileVersion _tried;

    public Lookup(string name, LookupOptions options, string file, TimeProvider time, InferenceInstruments instruments, ILogger<Lookup> logger)
    {
        Name = name;
        var section = $"Inference:Lookups:{name}";
        _options = options;
        _file = new LookupFile(section, file, options.KeyColumn ?? options.Field, FeatureColumnOptions.Compile(section, options.Columns));
        _time = time;
        _instruments = instruments;
        _logger = logger;

        // Before the reading: what changes meanwhile is a change.
        _seen = _tried = FileVersion.Of(file);
        _content = _file.Read(time.GetTimestamp());
    }

    public string Name { get; }

    public IReadOnlyList<FeatureColumn> Columns => _file.Columns;

    public IReadOnlyList<string> RequestFields => [_options.Field];

    /// <summary>How often to look; zero for never.</summary>
    public TimeSpan ReloadInterval => _options.ReloadInterval;

    /// <summary>Why the file as it is now does not serve; null where it does.</summary>
    public string? LastError => _lastError;

    public ValueTask<FeatureRow> ReadAsync(FeatureQuery query) => new(_content.Find(query.Request[_options.Field].ToString()));

    /// <summary>Looks at the file, and reads it when it has changed and has stayed the same since the last look.</summary>
    internal void Look()
    {
        try
        {
            var version = FileVersion.Of(_file.Path);
            var settled = version == _seen;
            _seen = version;
            if (settled && version != _tried) Reload(version);
        }
        catch (Exception e)
        {
            // Whatever it is, the values in memory are good, and the next look comes.
            OnFailed(e);
        }
    }

    private void Reload(FileVersion version)
    {
        var (content, fault) = TryRead();

        // It was written while it was read: neither the values nor the fault are those of one state.
        if (FileVersion.Of(_file.Path) != version) return;
        _tried = version;
        if (content is null) OnFailed(fault!);
        else OnRead(content);
    }

    private (LookupContent? Content, InferenceStartupException? Fault) TryRead()
    {
        try
        {
            return (_file.Read(_time.GetTimestamp()), null);
        }
        catch (InferenceStartupException e)
        {
            return (null, e);
        }
    }

    private void OnRead(LookupContent content)
    {
        _content = content;
        _lastError = null;
        _instruments.OnLookupReloaded(Name, "succeeded");
        LogReloaded(Name, content.Rows.Count, _file.Path);
    }

    private void OnFailed(Exception fault)
    {
        if (fault.Message == _lastError) return;
        _lastError = fault.Message;
        _instruments.OnLookupReloaded(Name, "failed");
        LogReloadFailed(Name, fault.Message);
    }

    [LoggerMessage(EventIds.LookupReloaded, LogLevel.Information, "Lookup {LookupName} serves {Rows} rows of the changed file {File}")]
    private partial void LogReloaded(string lookupName, int rows, string file);

    [LoggerMessage(EventIds.LookupReloadFailed, LogLevel.Error, "Lookup {LookupName} keeps its old values, since the changed file cannot be used: {Reason}")]
    private partial void LogReloadFailed(string lookupName, string reason);
}

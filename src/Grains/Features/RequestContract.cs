using System.Collections.Frozen;
using System.Globalization;

namespace OrleansInference.Grains.Features;

/// <summary>The fields that a model takes, compiled from <c>predict.request</c>; turns what came into values or into faults.</summary>
public sealed class RequestContract
{
    // Instants before 1970 and beyond this are slips of the pen, and double seconds stay exact to the microsecond between them.
    private static readonly DateTimeOffset Earliest = DateTimeOffset.UnixEpoch;

    // Of as many fields the stack holds which were sent.
    private const int UsualFields = 64;

    private readonly DeclaredField[] _fields;
    private readonly FrozenDictionary<string, int> _indexes;
    private readonly string _model;
    private readonly int _timestamp;

    public RequestContract(string model, IReadOnlyList<DeclaredField> fields)
    {
        _model = model;
        _fields = [.. fields];
        _timestamp = Array.FindIndex(_fields, f => f.Type is DeclaredFieldType.Timestamp);
        _indexes = _fields.SelectMany((field, index) => field.Names.Select(name => KeyValuePair.Create(name, index))).ToFrozenDictionary();
    }

    /// <summary>The fields, in the manifest's order.</summary>
    public IReadOnlyList<DeclaredField> Fields => _fields;

    /// <summary>The position of a declared field, by name or alias.</summary>
    public int IndexOf(string name) => _indexes[name];

    /// <summary>Whether the manifest declares a field of this name or alias.</summary>
    public bool Declares(string name) => _indexes.ContainsKey(name);

    /// <summary>Checks every field and reports all faults at once.</summary>
    public BoundRequest Bind(PredictionRequest request, DateTimeOffset now) =>
        TryBind(request, now, out var bound) is { Count: > 0 } faults ? throw InferenceException.InvalidInput(faults) : bound!;

    /// <summary>The faults of a request; none when <paramref name="bound"/> can be used.</summary>
    public IReadOnlyList<FieldError> TryBind(PredictionRequest request, DateTimeOffset now, out BoundRequest? bound)
    {
        List<FieldError>? faults = null;
        var values = new FeatureValue[_fields.Length];
        var sent = _fields.Length <= UsualFields ? stackalloc bool[_fields.Length] : new bool[_fields.Length];
        for (var i = 0; i < request.Fields.Count; i++)
        {
            var (name, value) = request.Fields[i];
            if (!_indexes.TryGetValue(name, out var index))
            {
                faults ??= [];
                faults.Add(faults.IsFlood() ? FaultFlood.Untold : Unknown(name, value));
            }
            else if (value.Kind is not RequestValueKind.Null)
            {
                var fault = sent[index] ? "was sent twice; send it once" : Read(_fields[index], value, now, out values[index]);
                sent[index] = true;
                if (fault is null) continue;
                faults ??= [];
                faults.Add(faults.IsFlood() ? FaultFlood.Untold : new(name, fault, value.ToDisplay()));
            }
        }

        for (var i = 0; i < _fields.Length; i++)
        {
            if (sent[i]) continue;
            if (_fields[i].Required) (faults ??= []).Add(new(_fields[i].PublicName, _fields[i].Missing, null));
            else values[i] = _fields[i].DefaultValue(now);
        }

        bound = faults is null ? new BoundRequest(this, values, At(values, now)) : null;
        return faults is null ? [] : faults;
    }

    private DateTimeOffset At(FeatureValue[] values, DateTimeOffset now) =>
        _timestamp < 0 || values[_timestamp].IsMissing ? now : ToInstant(values[_timestamp].Number);

    private FieldError Unknown(string name, RequestValue value) =>
        new(FieldError.Quote(name), $"is not a field of model {_model}; its fields are user_id, {string.Join(", ", _fields.Select(f => f.PublicName))}", value.ToDisplay());

    private static string? Read(DeclaredField field, RequestValue value, DateTimeOffset now, out FeatureValue read)
    {
        return field.Type switch
        {
            DeclaredFieldType.Text => ReadText(value, out read),
            DeclaredFieldType.Number => ReadNumber(field, value, out read),
            DeclaredFieldType.Boolean => ReadBoolean(value, out read),
            _ => ReadTimestamp(field, value, now, out read),
        };
    }

    private static string? ReadText(RequestValue value, out FeatureValue read)
    {
        read = value.Kind is RequestValueKind.Text ? FeatureValue.Of(value.Text!) : FeatureValue.Missing;
        if (read.IsMissing) return "must be a string of valid Unicode";
        return value.Text!.Length switch
        {
            0 => "must not be empty",
            > DeclaredField.MaxTextLength => $"must have at most {DeclaredField.MaxTextLength} characters, but has {value.Text.Length}",
            _ => null,
        };
    }

    private static string? ReadNumber(DeclaredField field, RequestValue value, out FeatureValue read)
    {
        read = FeatureValue.Of(value.Number);
        if (value.Kind is not RequestValueKind.Number) return "must be a number";
        if (!double.IsFinite(value.Number)) return "must be a finite number";
        if (value.Number < field.Minimum) return $"must be at least {field.Minimum.Value.ToString("R", CultureInfo.InvariantCulture)}";
        return value.Number > field.Maximum ? $"must be at most {field.Maximum.Value.ToString("R", CultureInfo.InvariantCulture)}" : null;
    }

    private static string? ReadBoolean(RequestValue value, out FeatureValue read)
    {
        read = FeatureValue.Of(value.Number);
        return value.Kind is RequestValueKind.Boolean ? null : "must be true or false";
    }

    private static string? ReadTimestamp(DeclaredField field, RequestValue value, DateTimeOffset now, out FeatureValue read)
    {
        read = FeatureValue.Missing;
        var latest = now + field.MaxFuture;
        if (!TryReadInstant(value, out var at)) return "must be an ISO 8601 time such as 2026-04-01T12:30:00Z, or Unix seconds";
        if (at < Earliest) return "must not be before 1970-01-01T00:00:00Z; a number is taken as Unix seconds";
        if (at > latest) return $"must not be after {latest:yyyy-MM-dd'T'HH:mm:ss'Z'} (now plus maxFuture = {field.MaxFuture}); a number is taken as Unix seconds";

        read = FeatureValue.Of(ToSeconds(at));
        return null;
    }

    internal static bool TryReadInstant(RequestValue value, out DateTimeOffset at)
    {
        at = default;
        return value.Kind switch
        {
            RequestValueKind.Text => IsoTime.TryRead(value.Text, out at),
            RequestValueKind.Number when Math.Abs(value.Number) < 62_135_596_800 => Assign(ToInstant(value.Number), out at),
            RequestValueKind.Number when double.IsFinite(value.Number) => Assign(DateTimeOffset.MaxValue, out at),
            _ => false,
        };
    }

    private static bool Assign(DateTimeOffset value, out DateTimeOffset at)
    {
        at = value;
        return true;
    }

    /// <summary>An instant as Unix seconds.</summary>
    public static double ToSeconds(DateTimeOffset at) => (at - DateTimeOffset.UnixEpoch).Ticks / (double)TimeSpan.TicksPerSecond;

    internal static DateTimeOffset ToInstant(double seconds) =>
        DateTimeOffset.UnixEpoch.AddTicks((long)Math.Round(seconds * TimeSpan.TicksPerSecond));
}

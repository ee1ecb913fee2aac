using System.Globalization;

namespace OrleansInference.Grains.Features.Views;

/// <summary>Checks what is pushed against the columns of its view; reports all faults at once.</summary>
internal static class FeaturePushReader
{
    private static readonly TimeSpan MaxFuture = TimeSpan.FromMinutes(5);

    /// <summary>The values by column, and when they came to be.</summary>
    /// <exception cref="InferenceException">InvalidInput.</exception>
    public static (IReadOnlyList<(int Column, FeatureValue Value)> Values, DateTimeOffset EventTime) Read(FeatureView view, FeaturePush push, DateTimeOffset now)
    {
        var faults = new List<FieldError>();
        if (FaultOf(view) is { } refused) faults.Add(refused);
        if (ReadTime(push.EventTime, now, out var eventTime) is { } fault) faults.Add(new FieldError("event_time", fault, push.EventTime.ToDisplay()));
        if (push.Values.Count == 0) faults.Add(new FieldError("values", $"must name at least one feature of view {view.Name}: {Names(view)}", null));

        var values = new List<(int Column, FeatureValue Value)>();
        foreach (var (name, value) in push.Values)
        {
            var column = IndexOf(view, name);
            if (column < 0) faults.Add(Fault(name, $"is not a feature of view {view.Name}; its features are {Names(view)}", value));
            else if (values.Exists(one => one.Column == column)) faults.Add(Fault(name, "was sent twice; send it once", value));
            else if (ReadValue(view.Columns[column], value, out var read) is { } wrong) faults.Add(Fault(name, wrong, value));
            else values.Add((column, read));
        }

        return faults.Count == 0 ? (values, eventTime) : throw InferenceException.InvalidInput(faults);
    }

    // Its next read would find the database again, and the push would have been for nothing.
    private static FieldError? FaultOf(FeatureView view) => view.IsPushed || view.Options.EventTimeColumn is not null || view.Options.Lifetime > TimeSpan.Zero
        ? null
        : new FieldError(
            "view",
            $"{view.Name} reads its database for every prediction (Ttl = {view.Options.Ttl}, MaxAge = {view.Options.MaxAge?.ToString() ?? "none"}), so that a push would not hold. Raise Inference:FeatureViews:{view.Name}:Ttl, or set EventTimeColumn.",
            null);

    private static FieldError Fault(string name, string message, RequestValue value) => new($"values.{FieldError.Quote(name)}", message, value.ToDisplay());

    private static string? ReadTime(RequestValue sent, DateTimeOffset now, out DateTimeOffset eventTime)
    {
        eventTime = now;
        if (sent.Kind is RequestValueKind.Null) return null;
        if (!RequestContract.TryReadInstant(sent, out eventTime)) return "must be an ISO 8601 time such as 2026-04-01T12:30:00Z, or Unix seconds";
        if (eventTime < DateTimeOffset.UnixEpoch) return "must not be before 1970-01-01T00:00:00Z; a number is taken as Unix seconds";
        var latest = now + MaxFuture;
        return eventTime <= latest
            ? null
            : string.Create(CultureInfo.InvariantCulture, $"must not be after {latest:yyyy-MM-dd'T'HH:mm:ss'Z'} (now plus 5 minutes); a number is taken as Unix seconds");
    }

    private static string? ReadValue(FeatureColumn column, RequestValue sent, out FeatureValue value)
    {
        value = column.Default;
        switch (sent.Kind, column.Type)
        {
            case (RequestValueKind.Null, _):
                return null;
            case (RequestValueKind.Number or RequestValueKind.Boolean, FeatureType.Number) when double.IsFinite(sent.Number):
                value = FeatureValue.Of(sent.Number);
                return null;
            case (RequestValueKind.Text, FeatureType.Text) when sent.Text!.Length <= DeclaredField.MaxTextLength:
                value = FeatureValue.Of(sent.Text);
                return null;
            case (RequestValueKind.Text, FeatureType.Text):
                return $"must have at most {DeclaredField.MaxTextLength} characters, but has {sent.Text!.Length}";
            default:
                return column.Type is FeatureType.Number ? "must be a finite number, true, false or null" : "must be a string of valid Unicode, or null";
        }
    }

    private static int IndexOf(FeatureView view, string name)
    {
        for (var i = 0; i < view.Columns.Count; i++)
        {
            if (view.Columns[i].Name == name) return i;
        }

        return -1;
    }

    private static string Names(FeatureView view) => string.Join(", ", view.Columns.Select(column => column.Name));
}

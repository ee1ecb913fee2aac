using OrleansInference.Grains.Features;
using OrleansInference.Grains.Features.Windows;
using OrleansInference.Grains.Models.Manifest;

namespace OrleansInference.Grains.Models.Planning;

/// <summary>Checks <c>predict.event</c>.</summary>
internal sealed class EventCompiler(EventSection section, RequestContract request, ManifestFaults faults, FeatureSources sources)
{
    private const string Path = "predict.event";
    private const string GivenSuffix = " given";

    public PlannedEvent? Compile()
    {
        if (sources.Find(section.View) is not WindowView view)
        {
            var names = string.Join(", ", sources.NamesOf(source => source is WindowView));
            faults.Add($"{Path}.view", $"'{section.View}' is not a configured view of kind Window. Add Inference:FeatureViews:{section.View} with Kind Window, or name one of: {(names.Length > 0 ? names : "(none)")}.");
            return null;
        }

        var given = CompileWhen();
        var fields = CompileFields(view, given);
        return new PlannedEvent(view, fields, CompileTime(), given);
    }

    private int? CompileWhen()
    {
        if (section.When is not { } when) return null;
        if (!when.EndsWith(GivenSuffix, StringComparison.Ordinal))
        {
            faults.Add($"{Path}.when", $"'{when}' is not understood. Write \"<field> given\", such as \"amount given\", or leave it out.");
            return null;
        }

        return Find($"{Path}.when", when[..^GivenSuffix.Length].Trim());
    }

    private int[] CompileFields(WindowView view, int? given)
    {
        var named = new Dictionary<string, string>(section.Fields ?? new Dictionary<string, string>());
        if (section.Value is { } value && !named.TryAdd(WindowColumn.DefaultField, value)) faults.Add($"{Path}.value", "stands beside fields.value. Keep one of the two.");
        foreach (var unknown in named.Keys.Except(view.Fields))
            faults.Add($"{Path}.fields", $"'{unknown}' is not a field of view {view.Name}. Its columns aggregate: {(view.Fields.Count > 0 ? string.Join(", ", view.Fields) : "(none)")}.");
        return [.. view.Fields.Select(field => CompileField(view, field, named.GetValueOrDefault(field), given))];
    }

    private int CompileField(WindowView view, string field, string? source, int? given)
    {
        var path = field == WindowColumn.DefaultField && section.Value is not null ? $"{Path}.value" : $"{Path}.fields.{field}";
        if (source is null)
        {
            faults.Add(path, $"view {view.Name} aggregates '{field}', which the event does not fill. Name the request field that does.");
            return 0;
        }

        if (Find(path, source) is not { } index) return 0;
        var declared = request.Fields[index];
        if (declared.Type is DeclaredFieldType.Text && !view.OnlyDistinct(field))
            faults.Add(path, $"'{source}' is a string, of which only distinct can be computed. Name a number, or change the aggregates of '{field}' in Inference:FeatureViews:{view.Name}.");
        if (index != given && !declared.Required && !declared.DefaultsToNow && declared.Default.IsMissing && declared.DefaultFeature is null)
            faults.Add(path, $"'{source}' may be missing from an event. Declare it as required or with a default, or add \"when\": \"{source} given\".");
        return index;
    }

    private int? CompileTime()
    {
        if (section.Time is not { } time || Find($"{Path}.time", time) is not { } index) return null;
        if (request.Fields[index].Type is not DeclaredFieldType.Timestamp) faults.Add($"{Path}.time", $"'{time}' is no timestamp. Name a field of type timestamp.");

        // Where the history ends is asked while the features are still being read.
        else if (request.Fields[index].DefaultFeature is { } feature)
            faults.Add($"{Path}.time", $"'{time}' takes the feature '{feature}' where it was not sent, but when an event happened must be known before features are read. Give the field \"default\": \"now\", or make it required.");
        return index;
    }

    private int? Find(string path, string field)
    {
        if (request.Declares(field)) return request.IndexOf(field);
        faults.Add(path, $"predict.request declares no field '{field}'. Its fields are: {string.Join(", ", request.Fields.Select(declared => declared.Name))}.");
        return null;
    }
}

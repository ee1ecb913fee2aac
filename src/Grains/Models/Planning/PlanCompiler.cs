using OrleansInference.Grains.Features;
using OrleansInference.Grains.Features.External;
using OrleansInference.Grains.Features.Lookups;
using OrleansInference.Grains.Features.Transforms;
using OrleansInference.Grains.Features.Views;
using OrleansInference.Grains.Features.Windows;
using OrleansInference.Grains.Models.Manifest;
using OrleansInference.Grains.Models.Sessions;
using OrleansInference.Grains.PostProcessing;
using OrleansInference.Grains.PostProcessing.Outbox;

namespace OrleansInference.Grains.Models.Planning;

/// <summary>Turns a manifest's <c>predict</c> section into a plan, or into the list of everything that is wrong with it.</summary>
internal sealed class PlanCompiler(string model, PredictSection predict, ManifestFaults faults, FeatureSources sources, WebhookTargets targets)
{
    private static readonly TimeSpan LongestDeadline = TimeSpan.FromSeconds(25);

    // What every request may have beside its model's fields.
    private static readonly string[] ReservedNames = ["user_id", "request_id", "features", "max_age"];

    private readonly List<string> _names = [];
    private readonly List<FeatureColumn> _columns = [];
    private readonly List<PlannedSource> _sources = [];
    private readonly HashSet<string> _unconfigured = [];

    /// <summary>Compiles against the versions' tensors; the first version's plan holds for all, since all must fit.</summary>
    public PredictPlan? Compile(IReadOnlyDictionary<int, ModelMetadata> versions)
    {
        var request = CompileRequest();
        CompileSources(request);
        var happening = predict.Event is { } section ? new EventCompiler(section, request, faults, sources).Compile() : null;
        var defaults = CompileDefaults(request);
        var transforms = CompileTransforms();
        var tensors = versions.Select(version => (Version: version.Key, Planned: CompileTensors(version.Key, version.Value))).ToArray();
        var (inputs, output) = tensors[0].Planned;
        foreach (var (version, planned) in tensors[1..]) CompareInputs(tensors[0].Version, inputs, version, planned.Inputs);
        var plan = new PredictPlan
        {
            Model = model,
            Request = request,
            Sources = _sources,
            Schema = FeatureSchema.Of(_names),
            Overridable = new OverrideContract(model, _names, _columns, request.Fields.Count),
            Defaults = defaults,
            Transforms = transforms,
            Inputs = inputs,
            Output = output,
            Info = CompileInfo(),
            Rules = RuleNames.Assign([.. RuleCompiler.Compile("alerts", "alert", predict.Alerts, targets, faults), .. RuleCompiler.Compile("workflows", "workflow", predict.Workflows, targets, faults)]),
            Deadline = CompileDeadline(),
            OnDeadline = CompileOnDeadline(),
            Logging = CompileLogging(),
            Event = happening,
            HasViews = _sources.Any(planned => planned.Source is FeatureView),
            HasPushedViews = _sources.Any(planned => planned.Source is FeatureView { IsPushed: true }),
            Windows = [.. _sources.Select((planned, index) => (planned, index)).Where(one => one.planned.Source is WindowView)
                .Select(one => new PlannedWindow((WindowView)one.planned.Source, one.index, one.planned.Offset))],
        };
        faults.ThrowIfAny();
        return plan;
    }

    private RequestContract CompileRequest()
    {
        var fields = predict.Request.Select(field => DeclaredFieldCompiler.Compile(field.Key, field.Value, faults)).ToArray();
        var twice = fields.SelectMany(field => field.Names).Concat(ReservedNames).GroupBy(name => name).FirstOrDefault(group => group.Count() > 1);
        if (twice is not null)
        {
            faults.Add("predict.request", $"the name '{twice.Key}' is taken twice (user_id, request_id, features and max_age are always fields). Rename a field or an alias.");
            faults.ThrowIfAny();
        }

        foreach (var field in fields) AddFeature($"request.{field.Name}", ToColumn(field));
        return new RequestContract(model, fields);
    }

    // A field always has a value where it is required or has a default.
    private static FeatureColumn ToColumn(DeclaredField field)
    {
        var type = field.Type is DeclaredFieldType.Text ? FeatureType.Text : FeatureType.Number;
        var always = field.Required || field.DefaultsToNow ? FeatureValue.Of(0) : field.Default;
        return new FeatureColumn(field.Name, type, field.Name, always);
    }

    private void CompileSources(RequestContract request)
    {
        AddSources("features", "Inference:FeatureViews", source => source is not (ExternalService or Lookup or CalendarTransform), predict.Features, request);
        AddSources("externals", "Inference:ExternalServices", source => source is ExternalService, predict.Externals, request);
        AddSources("lookups", "Inference:Lookups", source => source is Lookup, predict.Lookups, request);
        if (MentionsCalendar()) AddSource(sources.Find("calendar")!);
    }

    // Under "features" stand the views and whatever code has registered.
    private void AddSources(string key, string section, Func<IFeatureSource, bool> fits, IReadOnlyList<string> names, RequestContract request)
    {
        for (var i = 0; i < names.Count; i++)
        {
            var path = $"predict.{key}[{i}]";
            if (sources.Find(names[i]) is not { } source || !fits(source))
            {
                faults.Add(path, $"'{names[i]}' is not configured. Add {section}:{names[i]}, or name one of: {ListOrNone(sources.NamesOf(fits))}.{BelongsElsewhere(names[i])}");
                _unconfigured.Add(names[i]);
                continue;
            }

            if (_sources.Any(planned => planned.Source == source))
            {
                faults.Add(path, $"'{names[i]}' stands twice. Remove one.");
                continue;
            }

            foreach (var field in source.RequestFields.Where(field => !HasValueAtOnce(request, field)))
                faults.Add(path, $"'{names[i]}' reads the request field '{field}', which predict.request does not declare with a value of its own. Declare it there as required or with a literal default.");
            if (source.FindFault(request) is { } fault) faults.Add(path, fault);
            AddSource(source);
        }
    }

    private string BelongsElsewhere(string name) => sources.Find(name) switch
    {
        ExternalService => $" There is an external service '{name}': name it under predict.externals.",
        Lookup => $" There is a lookup '{name}': name it under predict.lookups.",
        CalendarTransform => $" The features of '{name}' need no naming here.",
        { } => $" There is a source '{name}': name it under predict.features.",
        null => sources.FindTransform(name) is null ? "" : $" There is a transform '{name}': name it under predict.transforms.",
    };

    // What a source reads must be there when the sources start, so not a default that is itself a feature.
    private static bool HasValueAtOnce(RequestContract request, string name) =>
        request.Declares(name) && request.Fields[request.IndexOf(name)] is var field && (field.Required || field.DefaultsToNow || !field.Default.IsMissing && field.DefaultFeature is null);

    private bool MentionsCalendar() => predict.Inputs.Values.SelectMany(names => names)
        .Concat(predict.Request.Values.Select(DeclaredFieldCompiler.ReadDefaultFeature))
        .Append(predict.Response.Info?.Feature)
        .Concat(predict.Transforms.SelectMany(name => sources.FindTransform(name)?.Inputs ?? []))
        .Any(name => name?.StartsWith("calendar.", StringComparison.Ordinal) is true);

    private void AddSource(IFeatureSource source)
    {
        _sources.Add(new PlannedSource(source, _names.Count));
        foreach (var column in source.Columns) AddFeature($"{source.Name}.{column.Name}", column);
    }

    private void AddFeature(string name, FeatureColumn column)
    {
        _names.Add(name);
        _columns.Add(column);
    }

    private List<PlannedDefault> CompileDefaults(RequestContract request)
    {
        var defaults = new List<PlannedDefault>();
        for (var i = 0; i < request.Fields.Count; i++)
        {
            if (request.Fields[i].DefaultFeature is not { } feature) continue;
            var path = $"predict.request.{request.Fields[i].Name}.default.feature";
            if (Find(path, feature) is not { } index) continue;
            if (index < request.Fields.Count)
                faults.Add(path, $"'{feature}' is a field of the request. Name a feature of a source.");
            else if (_columns[index].Type != _columns[i].Type)
                faults.Add(path, $"'{feature}' is {_columns[index].Type}, but the field is {_columns[i].Type}. Name another feature.");
            defaults.Add(new PlannedDefault(i, index, request.Fields[i].Default));
        }

        return defaults;
    }

    private List<PlannedTransform> CompileTransforms()
    {
        var transforms = new List<PlannedTransform>();
        for (var i = 0; i < predict.Transforms.Count; i++)
        {
            var (path, name) = ($"predict.transforms[{i}]", predict.Transforms[i]);
            if (sources.FindTransform(name) is not { } transform)
            {
                faults.Add(path, $"'{name}' is not there. Add Inference:Transforms:{name}, register it with services.AddFeatureTransform, or name one of: {ListOrNone(sources.TransformNames)}.{BelongsElsewhere(name)}");
                _unconfigured.Add(name);
            }
            else if (transforms.Any(planned => planned.Transform == transform))
            {
                faults.Add(path, $"'{name}' stands twice. Remove one.");
            }
            else
            {
                transforms.Add(new PlannedTransform(transform, [.. transform.Inputs.Select(input => FindTransformInput(path, name, input))], _names.Count));
                foreach (var column in transform.Columns) AddFeature($"{name}.{column.Name}", column);
            }
        }

        return transforms;
    }

    private int FindTransformInput(string path, string transform, string input)
    {
        var index = _names.IndexOf(input);
        if (index >= 0) return index;
        if (!_unconfigured.Contains(input.Split('.')[0]))
            faults.Add(path, $"'{transform}' reads '{input}', which is no feature before it. Declare the field, name the source, or move the transform. The features here are: {ListOrNone(_names)}.");
        return 0;
    }

    private (PlannedInput[] Inputs, PlannedOutput Output) CompileTensors(int version, ModelMetadata metadata)
    {
        foreach (var missing in metadata.Inputs.Where(input => !predict.Inputs.ContainsKey(input.Name)))
            faults.Add("predict.inputs", $"version {version} of the model has the input '{missing.Name}', which is not filled. Add it with its features.");

        var inputs = predict.Inputs.Select(input => CompileInput(version, input.Key, input.Value, metadata)).OfType<PlannedInput>().ToArray();
        return (inputs, CompileOutput(version, metadata));
    }

    // One plan makes the tensors for every version.
    private void CompareInputs(int first, PlannedInput[] inputs, int version, PlannedInput[] others)
    {
        foreach (var (input, other) in inputs.Join(others, input => input.Name, other => other.Name, (input, other) => (input, other)))
        {
            if (input.Datatype == other.Datatype && input.Shape.AsSpan().SequenceEqual(other.Shape)) continue;
            faults.Add($"predict.inputs.{input.Name}", $"version {version} of the model takes {Describe(other)}, but version {first} takes {Describe(input)}. Export both alike, or move one to a model of its own.");
        }

        static string Describe(PlannedInput input) => $"{input.Datatype} [{string.Join(", ", input.Shape)}]";
    }

    private PlannedInput? CompileInput(int version, string name, IReadOnlyList<string> features, ModelMetadata metadata)
    {
        var path = $"predict.inputs.{name}";
        if (metadata.FindInput(name) is not { } input)
        {
            faults.Add(path, $"version {version} of the model has no input '{name}'. Its inputs are: {ListOrNone(metadata.Inputs.Select(i => i.Name))}.");
            return null;
        }

        if (!PlannedInput.Supported.Contains(input.Datatype))
            faults.Add(path, $"the input has datatype {input.Datatype}, which features cannot fill. Export the model with one of {string.Join(", ", PlannedInput.Supported)}.");
        var shape = RowShape(input.Shape, features.Count);
        if (shape is null)
            faults.Add(path, $"{features.Count} features do not fill the input's shape [{string.Join(", ", input.Shape)}] of version {version}. Give as many features as the last dimension says.");

        var indexes = features.Select((feature, i) => FindInputFeature($"{path}[{i}]", feature, input.Datatype)).ToArray();
        return new PlannedInput(name, input.Datatype, shape ?? [], indexes) { FeatureNames = features };
    }

    private static long[]? RowShape(IReadOnlyList<long> declared, int count) => declared switch
    {
        [] when count == 1 => [],
        [-1 or 1] when count == 1 => [1],
        [var elements] when elements == count => [count],
        [-1 or 1, var elements] when elements == -1 || elements == count => [1, count],
        _ => null,
    };

    private int FindInputFeature(string path, string feature, TensorDatatype datatype)
    {
        if (Find(path, feature) is not { } index) return 0;
        var wanted = datatype is TensorDatatype.BYTES ? FeatureType.Text : FeatureType.Number;
        if (_columns[index].Type != wanted)
            faults.Add(path, $"'{feature}' is {_columns[index].Type}, but the input takes {wanted}. Name another feature.");
        else if (_columns[index].Default.IsMissing && !HasDefaultFeature(feature))
            faults.Add(path, $"'{feature}' has no value when its source has none. Configure its Default, or make the request field required.");
        return index;
    }

    private bool HasDefaultFeature(string feature) =>
        feature.StartsWith("request.", StringComparison.Ordinal)
        && predict.Request.TryGetValue(feature["request.".Length..], out var field)
        && DeclaredFieldCompiler.ReadDefaultFeature(field) is { } source
        && (!DeclaredFieldCompiler.ReadOrElse(field).IsMissing || _names.IndexOf(source) is >= 0 and var index && !_columns[index].Default.IsMissing);

    private PlannedOutput CompileOutput(int version, ModelMetadata metadata)
    {
        var (name, index) = (predict.Response.Prediction.Output, predict.Response.Prediction.Index);
        if (metadata.FindOutput(name) is not { } output)
            faults.Add("predict.response.prediction.output", $"version {version} of the model has no output '{name}'. Its outputs are: {ListOrNone(metadata.Outputs.Select(o => o.Name))}.");
        else if (!PlannedOutput.Supported.Contains(output.Datatype))
            faults.Add("predict.response.prediction.output", $"the output has datatype {output.Datatype}, which is no number for an answer. Name another output.");
        else if (index < 0 || (output.Shape.Count > 0 && output.Shape[^1] >= 0 && index >= output.Shape[^1]))
            faults.Add("predict.response.prediction.index", $"{index} is outside the output's shape [{string.Join(", ", output.Shape)}]. Name an element from 0.");
        return new PlannedOutput(model, name, index);
    }

    private PlannedInfo CompileInfo() => predict.Response.Info is { } info
        ? new PlannedInfo(Find("predict.response.info.feature", info.Feature), info.OrElse)
        : new PlannedInfo(null, InfoSection.NotAvailable);

    private TimeSpan CompileDeadline()
    {
        if (predict.Deadline <= TimeSpan.Zero || predict.Deadline > LongestDeadline)
            faults.Add("predict.deadline", $"{predict.Deadline} is out of range. Set it above zero and to {LongestDeadline} or less.");
        return predict.Deadline;
    }

    private DeadlinePolicy CompileOnDeadline()
    {
        DeadlinePolicy? policy = predict.OnDeadline switch
        {
            "fail" => DeadlinePolicy.Fail,
            "degrade" => DeadlinePolicy.Degrade,
            _ => null,
        };
        if (policy is null) faults.Add("predict.onDeadline", $"'{predict.OnDeadline}' is neither fail nor degrade. Write one of them.");
        return policy ?? DeadlinePolicy.Fail;
    }

    private PredictionLogging CompileLogging()
    {
        PredictionLogging? logging = predict.Logging switch
        {
            "required" => PredictionLogging.Required,
            "bestEffort" => PredictionLogging.BestEffort,
            "off" => PredictionLogging.Off,
            _ => null,
        };
        if (logging is null)
            faults.Add("predict.logging", $"'{predict.Logging}' is none of required, bestEffort and off. Write one of them.");
        if (logging is PredictionLogging.Off && predict.Alerts.Count + predict.Workflows.Count > 0)
            faults.Add("predict.logging", "'off' leaves alerts and workflows nothing to be kept with. Write required or bestEffort, or remove the rules.");
        if (logging is not PredictionLogging.Required && (predict.Event is not null || _sources.Any(planned => planned.Source is WindowView)))
            faults.Add("predict.logging", $"'{predict.Logging}' would leave live windows without a journal. Write required, or use no view of kind Window.");
        return logging ?? PredictionLogging.Required;
    }

    private int? Find(string path, string feature)
    {
        var index = _names.IndexOf(feature);
        if (index >= 0) return index;

        // Of a source that is not configured, its own line says enough.
        if (!_unconfigured.Contains(feature.Split('.')[0])) faults.Add(path, $"there is no feature '{feature}'. The features here are: {ListOrNone(_names)}.");
        return null;
    }

    private static string ListOrNone(IEnumerable<string> names) => names.ToArray() is { Length: > 0 } some ? string.Join(", ", some) : "(none)";
}

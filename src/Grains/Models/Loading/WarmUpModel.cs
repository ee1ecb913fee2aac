using System.Diagnostics.Metrics;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Orleans.Core.Internal;
using OrleansInference.Grains.Diagnostics;
using OrleansInference.Grains.Features;
using OrleansInference.Grains.Features.Transforms;
using OrleansInference.Grains.Features.Views;
using OrleansInference.Grains.Models.Batching;
using OrleansInference.Grains.Models.Control;
using OrleansInference.Grains.Models.Manifest;
using OrleansInference.Grains.Models.Planning;
using OrleansInference.Grains.Models.Residency;
using OrleansInference.Grains.Models.Routing;
using OrleansInference.Grains.Models.Scheduling;
using OrleansInference.Grains.Models.Sessions;
using OrleansInference.Grains.PostProcessing.Outbox;

namespace OrleansInference.Grains.Models.Loading;

/// <summary>A model of the program's own, which answers the predictions that it sends itself at the start.</summary>
/// <remarks>
/// A prediction of it goes the way of every other, and leaves nothing behind, whatever is configured: it is not recorded, raises no
/// rule, reads no database, service or file, and has no window; its metrics are of a meter that nobody collects. It is in no list and
/// never the default; its name is none that a model could have. The compiled code, which is what the start is after, is the same.
/// </remarks>
internal sealed class WarmUpModel(
    ModelEntries entries, InferenceSchedulers schedulers, IFeatureDatabase database, IGrainFactory grains, TimeProvider time, ILoggerFactory loggers)
    : IDisposable
{
    public const string Name = "~warm-up";

    private const int Version = 1;

    // x [N, 4]; y = x: tests/models/identity, which make_models.py makes.
    private const string Onnx =
        "CAgSEE9ybGVhbnNJbmZlcmVuY2U6SAoQCgF4EgF5IghJZGVudGl0eRIIaWRlbnRpdHlaFAoBeBIPCg0IARIJCgMSAU4KAggEYhQKAXkSDwoNCAESCQoDEgFO" +
        "CgIIBEIECgAQEUIOCgphaS5vbm54Lm1sEAM=";

    // What most predictions do: fields of the request, a view's values in the user's memory, the calendar, a transform.
    private const string Manifest =
        """
        {
          "predict": {
            "request": { "amount": { "type": "number", "required": true, "minimum": 0 }, "at": { "type": "timestamp", "default": "now" } },
            "features": [ "profile" ],
            "transforms": [ "ratio" ],
            "inputs": { "x": [ "request.amount", "profile.f0", "calendar.is_weekend", "ratio.amount" ] },
            "response": { "prediction": { "output": "y" } },
            "logging": "off",
            "deadline": "00:00:05"
          }
        }
        """;

    private readonly Meter _meter = new("OrleansInference.WarmUp");
    private ModelEntry? _entry;

    /// <summary>A request's body for a user.</summary>
    public static string BodyFor(string userId) => string.Create(
        CultureInfo.InvariantCulture, $$"""{"user_id":"{{userId}}","amount":123.45,"at":"2026-01-01T12:00:00Z"}""");

    /// <summary>Serves from now on.</summary>
    public async Task EnterAsync()
    {
        _entry = new ModelEntry(Name, schedulers.Create());
        await entries.SwapAsync(_entry, Create(_entry.Scheduler));
        entries.Unlisted = _entry;
    }

    /// <summary>Serves no more, and has these users leave memory.</summary>
    public async Task LeaveAsync(IEnumerable<string> userIds)
    {
        entries.Unlisted = null;
        foreach (var userId in userIds)
            await grains.GetGrain<IUserGrain>(UserKey.FromUserId(userId)).AsReference<IGrainManagementExtension>().DeactivateOnIdle();
        if (_entry is not null) await entries.SwapAsync(_entry, next: null);
        Dispose();
    }

    public void Dispose() => _meter.Dispose();

    private ServedModel Create(TaskScheduler scheduler)
    {
        var instruments = new InferenceInstruments(_meter);
        var batching = new BatchingOptions();
        var session = OnnxModelSessionFactory.Load(Convert.FromBase64String(Onnx), Name);
        var served = new ServedModelVersion(Name, Version, session, scheduler, batching, time, instruments, loggers.CreateLogger<ServedModelVersion>());
        var version = new RolloutVersion(Name, served, served, time, instruments);
        var (manifest, faults) = ManifestReader.Read(Name, System.Text.Encoding.UTF8.GetBytes(Manifest));
        var plan = new PlanCompiler(Name, manifest.Predict!, faults, CreateSources(instruments), new WebhookTargets(new Dictionary<string, WebhookOptions>()))
            .Compile(new Dictionary<int, ModelMetadata> { [Version] = session.Metadata })!;
        return new ServedModel
        {
            Name = Name,
            Manifest = manifest,

            // Without views that somebody may have pushed to, grain storage is not asked either.
            Plan = plan with { IsWarmUp = true, HasViews = false, HasPushedViews = false },
            Versions = new Dictionary<int, LoadedVersion> { [Version] = new(version, "", batching) },
            DefaultVersion = Version,
            Labels = new Dictionary<string, int>(),
            Batching = batching,
            Control = new ModelControlState(),
            Rollout = new ModelRollout { Default = version, Versions = [version] },
        };
    }

    private FeatureSources CreateSources(InferenceInstruments instruments)
    {
        var columns = Enumerable.Range(0, 16).ToDictionary(i => string.Create(CultureInfo.InvariantCulture, $"f{i}"), _ => new FeatureColumnOptions { Default = "0" });
        var ratio = new TransformOptions { Columns = { ["amount"] = new ArithmeticOptions { Divide = ["request.amount", "100"], Default = 0 } } };
        return new FeatureSources(
            [
                new CalendarTransform(time),
                new FeatureView("profile", new FeatureViewOptions { Kind = FeatureViewKind.Push, Columns = columns }, database, time, instruments, loggers.CreateLogger<FeatureView>()),
            ],
            [new ArithmeticTransform("ratio", ratio)]);
    }
}

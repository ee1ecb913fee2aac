using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using OrleansInference;
using OrleansInference.Grains.Features;
using OrleansInference.Grains.Features.Windows;
using OrleansInference.Grains.Models.Planning;
using OrleansInference.Grains.PostProcessing;
using OrleansInference.Grains.PostProcessing.Outbox;
using OrleansInference.Grains.PostProcessing.Retention;
using OrleansInference.Grains.Users;
using UnitTests.Fakes;
using UnitTests.Grains.Features.Windows;

namespace UnitTests.Grains.Users;

/// <summary>One user whose predictions are events of the view spending, on the turns of a grain.</summary>
internal sealed class WindowUser
{
    public const string Key = "-!42";

    private readonly TaskScheduler _turns = new ConcurrentExclusiveSchedulerPair().ExclusiveScheduler;
    private readonly PlanFixture _fixture;
    private readonly RetentionOptions _retention;
    private readonly SnapshotOutage _outage;
    private readonly SnapshotSchedule _schedule;

    public WindowUser(Action<WindowViewOptions>? change = null, TimeSpan? retention = null, SnapshotSchedule? schedule = null, Func<PredictPlan, PredictPlan>? plan = null)
    {
        _retention = new RetentionOptions { Predictions = retention };
        View = WindowViews.Spending(change);
        _fixture = new PlanFixture();
        _fixture = new PlanFixture
        {
            Plan = _fixture.Plan with
            {
                Sources = [new PlannedSource(View, 2)],
                Schema = FeatureSchema.Of([.. _fixture.Plan.Schema.Names, .. View.Columns.Select(column => $"spending.{column.Name}")]),
                Windows = [new PlannedWindow(View, 0, 2)],
                Event = new PlannedEvent(View, [0], null, 0),
            },
        };
        if (plan is not null) _fixture = new PlanFixture { Plan = plan(_fixture.Plan) };
        _outage = new SnapshotOutage(Snapshots, _fixture.Time, OutageLog);
        _schedule = schedule ?? new SnapshotSchedule(Snapshots, _fixture.Time, Metrics.Instruments);
        Activate();
    }

    public WindowView View { get; }

    public PredictPlan Plan => _fixture.Plan;

    public FakePredictionLog Log { get; } = new();

    public FakeGrainStorage Storage { get; } = new();

    public FakeLogger<SnapshotOutage> OutageLog { get; } = new();

    public RecordedMetrics Metrics { get; } = new();

    public IOptions<SnapshotOptions> Snapshots { get; } = Options.Create(new SnapshotOptions());

    public FakeEventHistory History { get; } = new();

    public UserWindows Windows { get; private set; } = null!;

    public UserJournal Journal { get; private set; } = null!;

    public DateTimeOffset Now => _fixture.Time.GetUtcNow();

    /// <summary>What each prediction counted, by id.</summary>
    public Dictionary<Guid, FeatureValue[]> Counted { get; } = [];

    /// <summary>Snapshots that wait for their time.</summary>
    public int Scheduled => _schedule.Count;

    public void Advance(TimeSpan time) => _fixture.Time.Advance(time);

    /// <summary>Another activation of the user, which knows nothing yet.</summary>
    public void Activate()
    {
        var snapshots = new UserSnapshots(Storage, Log, _outage, Snapshots, _fixture.Time);
        var services = new UserWindowsServices(
            new WindowLoader(new FeatureSources([View]), snapshots, Log, History, Options.Create(_retention), Metrics.Instruments, NullLogger<WindowLoader>.Instance),
            snapshots,
            _schedule,
            _fixture.Time,
            Metrics.Instruments,
            NullLogger<UserWindows>.Instance);
        var user = new UserIdentity(Key);
        Journal = new UserJournal(user, new UserJournalServices(Log, new FakeOutbox(_fixture.Time, new OutboxSignal()), _fixture.Time), new Attempts());
        Windows = new UserWindows(user, services, Journal);
    }

    /// <summary>The time of the snapshots that wait has come, and they are written.</summary>
    public Task AwaitScheduledAsync()
    {
        Advance(SnapshotSchedule.Delay);
        return TurnAsync(Windows.DrainAsync);
    }

    public Task SaveAsync() => TurnAsync(Windows.SaveAsync);

    public Task StopAsync(bool save = true) => TurnAsync(() => Windows.StopAsync(save));

    /// <summary>Erases the user as the grain does, with the log.</summary>
    public Task EraseAsync() => TurnAsync(async () =>
    {
        await Windows.DrainAsync();
        await Windows.ClearAsync();
        Log.Records.Clear();
        Journal.Forget();
        Windows.Forget();
    });

    /// <summary>Lets go on what waits for it, to its end, in one turn.</summary>
    public Task CompleteAsync(TaskCompletionSource awaited) => TurnAsync(() =>
    {
        awaited.SetResult();
        return Task.CompletedTask;
    });

    /// <summary>Runs on the user's turns, as everything in a grain does.</summary>
    public Task<T> TurnAsync<T>(Func<Task<T>> work) => Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.None, _turns).Unwrap();

    public Task TurnAsync(Func<Task> work) => Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.None, _turns).Unwrap();

    /// <summary>Predicts as the user's grain does: admitted, inferred, recorded.</summary>
    public Task<AppendOutcome> PredictAsync(
        double? amount = 10, bool isRecorded = true, Func<Task>? infer = null, DateTimeOffset? at = null, FeatureOverride[]? overrides = null, CancellationTokenSource? leaving = null) => TurnAsync(async () =>
    {
        var request = new PredictionRequest { PredictionId = Guid.CreateVersion7(), UserId = "42", Fields = amount is { } sent ? [new RequestField("amount", sent)] : [] };
        var bound = Plan.Bind(request, at ?? Now) with { Overrides = overrides ?? [] };
        Journal.BeginLoad();
        FeatureRow?[] rows = [.. Plan.Sources.Select(planned => planned.Source is WindowView ? null : FeatureRow.Defaults(planned.Source.Columns, 0, degraded: false))];
        using var admission = await Windows.AdmitAsync(Plan, bound, rows, isRecorded, leaving?.Token ?? CancellationToken.None);
        Counted[request.PredictionId] = admission.Rows[0].Values;
        if (infer is not null) await infer();
        if (!isRecorded) return AppendOutcome.Appended;
        var features = new FeatureVector(Plan, admission.Request, admission.Complete(Plan, rows), _fixture.Time);
        var draft = _fixture.Draft(request, admission.Request, features) with { Event = admission.ToRecorded() };
        return await Journal.AppendAsync(draft, admission, CancellationToken.None);
    });

    /// <summary>What the last prediction counted.</summary>
    public double LastCount => Counted.Values.Last()[0].Number;

    /// <summary>Each record counted what the log has up to it, in the order of its numbers.</summary>
    public void AssertCountedWhatIsLogged()
    {
        var events = new List<WindowEvent>();
        foreach (var record in Log.Records.OrderBy(record => record.Sequence))
        {
            var body = PredictionBody.Decode(record.Body);
            if (body.Event is { } happened) events.Add(new WindowEvent(happened.Ticks, [.. happened.Fields.Select(field => field.Value)]));
            var expected = Recomputation.Read(View, events, body.Times!.Value.At.UtcTicks);
            Assert.Equal(expected.Select(value => Math.Round(value.Number, 6)), Counted[record.Id].Select(value => Math.Round(value.Number, 6)));
        }
    }
}

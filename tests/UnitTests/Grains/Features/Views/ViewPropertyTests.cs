using CsCheck;
using OrleansInference;
using OrleansInference.Grains.Features;
using OrleansInference.Grains.Features.Views;

namespace UnitTests.Grains.Features.Views;

/// <summary>What holds of a cached view in whatever order reads, answers, pushes, words of changes and time come.</summary>
public sealed class ViewPropertyTests
{
    private const int Orders = 10_000;

    private static readonly TimeSpan Unit = TimeSpan.FromSeconds(1);

    private enum Act
    {
        Read,
        ReadWithMaxAge,
        Push,
        PushPart,
        PushLate,
        Invalidate,
        MarkChanged,
        Answer,
        AnswerNoRow,
        Fail,
        Wait,
    }

    private static readonly Gen<(Act Act, int Amount)[]> Scripts =
        Gen.Select(Gen.Enum<Act>(), Gen.Int[1, 8]).Array[5, 40];

    private static readonly Gen<Settings> Options = Gen.Select(
        Gen.Int[0, 10], Gen.Int[0, 10], Gen.Int[0, 10], Gen.Int[0, 6], Gen.Bool, Gen.Bool,
        (ttl, revalidate, ifError, maxAge, defaults, eventTimes) => new Settings(ttl, revalidate, ifError, maxAge, defaults, eventTimes));

    [Fact]
    public void Read_AnyOrder_NothingCalledFreshIsOlderThanTtlOrMaxAge() => Gen.Select(Options, Scripts).Sample(
        (settings, script) => new Run(settings).Play(script, (run, read) => run.AssertAges(read)), iter: Orders, threads: 1);

    [Fact]
    public void Read_AnyOrder_NeverMissesAnAcknowledgedPush() => Gen.Select(Options, Scripts).Sample(
        (settings, script) => new Run(settings with { Ttl = settings.Ttl + 1, MaxAge = 0 }).Play(
            [.. script.Where(step => step.Act is not (Act.ReadWithMaxAge or Act.Invalidate or Act.MarkChanged))], (run, read) => run.AssertSeesThePush(read)), iter: Orders, threads: 1);

    [Fact]
    public void Read_AnyOrder_NeverHasTwoQueriesUnderWay() => Gen.Select(Options, Scripts).Sample(
        (settings, script) => new Run(settings).Play(script, (_, _) => { }), iter: Orders, threads: 1);

    private sealed record Settings(int Ttl, int Revalidate, int IfError, int MaxAge, bool Defaults, bool EventTimes);

    // One read: when it began, and what had been acknowledged by then.
    private sealed record Read(Task<FeatureRow> Row, TimeSpan MaxAge, double? Pushed, DateTimeOffset PushedAt, DateTimeOffset EventTime);

    private sealed class Run
    {
        private readonly CachedViewBuilder _view = new();
        private readonly CachedFeatureView _cached;
        private readonly Settings _settings;
        private readonly Dictionary<double, DateTimeOffset> _born = [];
        private readonly List<Read> _reads = [];
        private TaskCompletionSource<FeatureValue[]?>? _underWay;
        private DateTimeOffset _queryBegan;
        private DateTimeOffset _rowEventTime = DateTimeOffset.MinValue;
        private double _next = 10;
        private double? _pushed;
        private DateTimeOffset _pushedAt;
        private DateTimeOffset _latest = DateTimeOffset.MinValue;

        public Run(Settings settings)
        {
            _settings = settings;
            _view.Options.Columns["mean"] = new FeatureColumnOptions { Default = "-1" };
            _cached = _view.Build(options =>
            {
                (options.Ttl, options.StaleWhileRevalidate, options.StaleIfError) = (settings.Ttl * Unit, settings.Revalidate * Unit, settings.IfError * Unit);
                options.MaxAge = settings.MaxAge == 0 ? null : settings.MaxAge * Unit;
                options.OnError = settings.Defaults ? FeatureViewErrorPolicy.Default : FeatureViewErrorPolicy.Fail;
                options.EventTimeColumn = settings.EventTimes ? "updated" : null;
            });
            _view.Database.Answer = () =>
            {
                _queryBegan = _view.Now;
                _underWay = new TaskCompletionSource<FeatureValue[]?>();
                return _underWay.Task;
            };
        }

        public void Play((Act Act, int Amount)[] script, Action<Run, Read> check)
        {
            foreach (var (act, amount) in script)
            {
                Do(act, amount);
                Assert.InRange(_view.Database.UnderWay, 0, 1);
                Settle(check);
            }

            Complete(null);
            Settle(check);
        }

        /// <summary>The age of each value that is called fresh, by the moment at which it came into being for the view.</summary>
        public void AssertAges(Read read)
        {
            if (!read.Row.IsCompletedSuccessfully) return;
            foreach (var value in read.Row.Result.Values.Where(value => value.Status is FeatureStatus.Fresh))
            {
                var age = _view.Now - _born[value.Number];
                Assert.True(age <= Limit(read), $"{value.Number} is {age} old, but {_settings} and MaxAge {read.MaxAge} allow {Limit(read)}");
            }
        }

        /// <summary>A push that was acknowledged before the read began, has not stood its TTL and is not behind the row's own event time is what it gives. What is in the database is negative.</summary>
        public void AssertSeesThePush(Read read)
        {
            if (!read.Row.IsCompletedSuccessfully || read.Pushed is null || _view.Now - read.PushedAt >= _settings.Ttl * Unit) return;
            var overtaken = _rowEventTime >= read.EventTime;
            Assert.True(
                read.Row.Result.Values[0].Number >= read.Pushed || overtaken,
                $"read {read.Row.Result.Values[0].Number}, but {read.Pushed} had been pushed; {_settings}");
        }

        // A read that had to ask is as good as its query; one from memory, as the view and the caller say. A value is as young as its last confirmation.
        private TimeSpan Limit(Read read)
        {
            var ttl = _settings.Ttl * Unit;
            var limit = _settings.MaxAge > 0 && _settings.MaxAge * Unit < ttl ? _settings.MaxAge * Unit : ttl;
            return read.MaxAge < limit ? read.MaxAge : limit;
        }

        private void Do(Act act, int amount)
        {
            switch (act)
            {
                case Act.Read: Begin(TimeSpan.MaxValue); break;
                case Act.ReadWithMaxAge: Begin(amount * Unit); break;
                case Act.Push: Push(_view.Now, whole: true); break;
                case Act.PushPart: Push(_view.Now, whole: false); break;
                case Act.PushLate: Push(_view.Now - (amount * Unit), whole: false); break;
                case Act.Invalidate: _cached.Invalidate(); break;
                case Act.MarkChanged: _view.View.MarkAllChanged(); break;
                case Act.Answer: Complete([Born(-1), Born(-1)]); break;
                case Act.AnswerNoRow: Complete(null); break;
                case Act.Fail: Fail(); break;
                default: _view.Time.Advance(amount * Unit); break;
            }
        }

        private void Begin(TimeSpan maxAge)
        {
            var row = _cached.ReadAsync(_view.Budget(), maxAge == TimeSpan.MaxValue ? null : maxAge).AsTask();
            _reads.Add(new Read(row, maxAge, _pushed, _pushedAt, _latest));
        }

        private void Push(DateTimeOffset eventTime, bool whole)
        {
            var value = Born();
            var applied = _cached.Push(whole ? [(0, value), (1, Born())] : [(0, value)], eventTime);
            if (!_settings.EventTimes) Assert.Equal(eventTime >= _latest, applied);
            if (!applied) return;
            (_pushed, _pushedAt, _latest) = (value.Number, _view.Now, eventTime);
        }

        private void Complete(FeatureValue[]? values)
        {
            if (_underWay is not { Task.IsCompleted: false } query) return;
            _view.Database.EventTime = _settings.EventTimes ? _queryBegan : null;
            query.SetResult(values);
            if (!_settings.EventTimes) return;
            if (values is not null) _rowEventTime = _queryBegan;
            ConfirmPushes();
        }

        private void Fail()
        {
            if (_underWay is { Task.IsCompleted: false } query) query.SetException(new FeatureDatabaseException("on purpose"));
        }

        // By the row's own event time the database has said that nothing later is known.
        private void ConfirmPushes()
        {
            foreach (var number in _born.Keys.Where(number => number > 0).ToArray()) _born[number] = _view.Now;
        }

        private FeatureValue Born(int sign = 1)
        {
            var number = sign * _next++;
            _born[number] = _view.Now;
            return FeatureValue.Of(number);
        }

        private void Settle(Action<Run, Read> check)
        {
            foreach (var read in _reads.Where(read => read.Row.IsCompleted))
            {
                if (read.Row.IsFaulted) Assert.IsType<InferenceException>(read.Row.Exception!.InnerException);
                check(this, read);
            }

            _reads.RemoveAll(read => read.Row.IsCompleted);
        }
    }
}

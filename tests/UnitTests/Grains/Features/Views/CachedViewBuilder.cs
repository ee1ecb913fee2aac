using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using OrleansInference.Grains;
using OrleansInference.Grains.Features;
using OrleansInference.Grains.Features.Views;
using UnitTests.Fakes;

namespace UnitTests.Grains.Features.Views;

/// <summary>One user's cached view with the columns <c>count</c> (default 0) and, where asked for, <c>mean</c> (default -1).</summary>
internal sealed class CachedViewBuilder
{
    public static readonly TimeSpan Ttl = TimeSpan.FromMinutes(1);

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 4, 1, 12, 0, 0, TimeSpan.Zero));

    public FakeFeatureDatabase Database { get; } = new();

    public FeatureViewOptions Options { get; } = new() { Ttl = Ttl, Columns = { ["count"] = new FeatureColumnOptions { Default = "0" } } };

    public FeatureView View => field ??= new FeatureView("spending", Options, Database, Time, FakeMeterFactory.Instruments, NullLogger<FeatureView>.Instance);

    public DateTimeOffset Now => Time.GetUtcNow();

    public CachedFeatureView Build(Action<FeatureViewOptions>? configure = null)
    {
        configure?.Invoke(Options);
        return new CachedFeatureView(View, "42");
    }

    /// <summary>What a caller has who has all the time of the world.</summary>
    public TimeBudget Budget(TimeSpan? total = null) => new(total ?? TimeSpan.FromHours(1), Time, CancellationToken.None);

    public Task<FeatureRow> ReadAsync(CachedFeatureView cached, TimeSpan? maxAge = null) => cached.ReadAsync(Budget(), maxAge).AsTask();

    /// <summary>The next queries answer at once.</summary>
    public void Answer(params double[] values) => Database.Answer = () => Task.FromResult<FeatureValue[]?>([.. values.Select(FeatureValue.Of)]);

    public void AnswerNoRow() => Database.Answer = () => Task.FromResult<FeatureValue[]?>(null);

    public void Fail() => Database.Answer = () => Task.FromException<FeatureValue[]?>(new FeatureDatabaseException("on purpose"));

    /// <summary>The next queries answer when the test says so: on its thread, as a grain's turns are one at a time.</summary>
    public TaskCompletionSource<FeatureValue[]?> HoldAnswer()
    {
        var answer = new TaskCompletionSource<FeatureValue[]?>();
        Database.Answer = () => answer.Task;
        return answer;
    }
}

using CsCheck;
using OrleansInference;
using OrleansInference.Grains.Features;
using OrleansInference.Grains.Features.External;
using UnitTests.Fakes;

namespace UnitTests.Grains.Features.External;

/// <summary>Answers that are kept for all users: how old they may be, what they are called, and what they cost.</summary>
public sealed class CachedAnswerTests : IDisposable
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly ServiceUnderTest _risk = new(options => (options.Ttl, options.StaleWhileRevalidate, options.StaleIfError) = (Minute, Minute, 10 * Minute));

    public void Dispose() => _risk.Dispose();

    [Fact]
    public async Task ReadAsync_NoTtl_AsksForEveryPrediction()
    {
        using var risk = new ServiceUnderTest();
        await risk.ReadAsync();
        await risk.ReadAsync();

        Assert.Equal(2, risk.Calls);
    }

    [Fact]
    public async Task ReadAsync_WarmAnswer_CostsNoCallNoTaskAndLittleMemory()
    {
        await _risk.ReadAsync();
        var query = _risk.Query();
        for (var i = 0; i < 100; i++) await _risk.Service.ReadAsync(query);
        Assert.Equal(100, _risk.Metrics.Count("inference.features.cached", "outcome", "fresh"));

        // What the recording of metrics takes is not the service's.
        _risk.Metrics.Dispose();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++) AssertCompleted(_risk.Service.ReadAsync(query));
        var bytes = (GC.GetAllocatedBytesForCurrentThread() - before) / 1000;

        Assert.Equal(1, _risk.Calls);
        Assert.True(bytes < 300, $"a warm read allocates {bytes} bytes");
    }

    [Fact]
    public async Task ReadAsync_WarmAnswer_HasTheAgeOfItsFetch()
    {
        await _risk.ReadAsync();
        _risk.Time.Advance(Minute / 2);

        var row = await _risk.ReadAsync();

        Assert.Equal(Minute / 2, _risk.Time.GetElapsedTime(row.ReadAt));
    }

    [Fact]
    public async Task ReadAsync_OtherField_IsAnotherAnswer()
    {
        await _risk.ReadAsync(terminal: "1");
        _risk.Up(2);

        Assert.Equal(2, (await _risk.ReadAsync(terminal: "2")).Values[0].Number);
    }

    [Fact]
    public async Task ReadAsync_HundredColdReaders_CostOneCall()
    {
        var answer = _risk.OnHold();
        var readers = Enumerable.Range(0, 100).Select(_ => Task.Run(() => _risk.ReadAsync())).ToArray();
        answer.SetResult(7);

        var rows = await Task.WhenAll(readers).WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);

        Assert.Equal(1, _risk.Calls);
        Assert.All(rows, row => Assert.Equal(FeatureValue.Of(7), row.Values[0]));
    }

    [Fact]
    public async Task ReadAsync_ManyKeysFromManyThreads_CostOneCallForEach()
    {
        await Parallel.ForEachAsync(
            Enumerable.Range(0, 4000), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (i, _) => await _risk.ReadAsync(terminal: $"{i / 8}"));

        Assert.Equal(500, _risk.Calls);
    }

    [Fact]
    public async Task ReadAsync_FirstCallerLeaves_TheOthersHaveTheAnswer()
    {
        using var caller = new CancellationTokenSource();
        var answer = _risk.OnHold();
        var first = _risk.ReadForAsync(caller.Token);
        var second = _risk.ReadAsync();

        await caller.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        answer.SetResult(7);

        Assert.Equal(7, (await second.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken)).Values[0].Number);
        Assert.Equal(1, _risk.Calls);
    }

    [Fact]
    public async Task ReadAsync_TooOldForTheTtl_IsStaleAtOnceAndRefreshed()
    {
        await _risk.ReadAsync();
        _risk.Time.Advance(Minute);
        var answer = _risk.OnHold();

        await _risk.AssertReadsAsync(1, FeatureStatus.Stale);
        await _risk.AssertReadsAsync(1, FeatureStatus.Stale);
        answer.SetResult(2);
        await _risk.ReadAsync(maxAge: TimeSpan.Zero).WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);

        await _risk.AssertReadsAsync(2, FeatureStatus.Fresh);
        Assert.Equal(2, _risk.Calls);
    }

    [Fact]
    public async Task ReadAsync_RefreshInTheBackgroundFails_IsStaleAndNotDegraded()
    {
        await _risk.ReadAsync();
        _risk.Time.Advance(Minute);
        _risk.Down();

        await _risk.AssertReadsAsync(1, FeatureStatus.Stale);
        await _risk.AssertReadsAsync(1, FeatureStatus.Stale);

        Assert.Equal(3, _risk.Calls);
    }

    [Fact]
    public async Task ReadAsync_PolicyIsFailAndAnOlderAnswerMayStandIn_IsStale()
    {
        using var risk = new ServiceUnderTest(options => (options.StaleIfError, options.OnError) = (Minute, ExternalFailurePolicy.Fail));
        await risk.ReadAsync();
        risk.Down();

        await risk.AssertReadsAsync(1, FeatureStatus.Stale, degraded: true);
    }

    [Fact]
    public async Task ReadAsync_PolicyIsFailAndTheFieldMakesNoPath_IsTheCallersFault()
    {
        using var risk = new ServiceUnderTest(options => options.OnError = ExternalFailurePolicy.Fail);

        var failure = await Assert.ThrowsAsync<InferenceException>(() => risk.ReadAsync(terminal: ".."));

        Assert.Equal(InferenceErrorCode.InvalidInput, failure.Code);
    }

    [Fact]
    public async Task ReadAsync_BeyondTheWindowToRevalidate_WaitsForTheNewAnswer()
    {
        await _risk.ReadAsync();
        _risk.Time.Advance(2 * Minute);
        _risk.Up(2);

        await _risk.AssertReadsAsync(2, FeatureStatus.Fresh);
    }

    [Fact]
    public async Task ReadAsync_ServiceDown_IsStaleWithinItsWindowAndThenDefault()
    {
        await _risk.ReadAsync();
        _risk.Down();

        _risk.Time.Advance(11 * Minute - TimeSpan.FromTicks(1));
        await _risk.AssertReadsAsync(1, FeatureStatus.Stale, degraded: true);
        Assert.Equal(1, _risk.Metrics.Count("inference.features.cached", "outcome", "stale"));

        _risk.Time.Advance(TimeSpan.FromTicks(1));
        await _risk.AssertReadsAsync(-1, FeatureStatus.Default, degraded: true);
    }

    [Fact]
    public async Task ReadAsync_OnlyAWindowForErrors_AsksEveryTimeAndStandsIn()
    {
        using var risk = new ServiceUnderTest(options => options.StaleIfError = Minute);
        await risk.ReadAsync();
        risk.Up(2);
        await risk.AssertReadsAsync(2, FeatureStatus.Fresh);
        risk.Down();

        await risk.AssertReadsAsync(2, FeatureStatus.Stale, degraded: true);
    }

    [Fact]
    public async Task ReadAsync_OlderThanWanted_IsFetchedBeforeItIsUsed()
    {
        await _risk.ReadAsync();
        _risk.Time.Advance(Minute / 2);
        _risk.Up(2);

        await _risk.AssertReadsAsync(1, FeatureStatus.Fresh, maxAge: Minute / 2);
        await _risk.AssertReadsAsync(2, FeatureStatus.Fresh, maxAge: Minute / 3);
    }

    [Fact]
    public async Task ReadAsync_OlderThanWantedAndServiceDown_IsStaleThoughYoungerThanTheTtl()
    {
        await _risk.ReadAsync();
        _risk.Time.Advance(Minute / 2);
        _risk.Down();

        await _risk.AssertReadsAsync(1, FeatureStatus.Stale, degraded: true, maxAge: Minute / 3);
        await _risk.AssertReadsAsync(1, FeatureStatus.Fresh);
    }

    [Fact]
    public async Task ReadAsync_ServiceHangs_StaleStandsInWithinTheDeadline()
    {
        await _risk.ReadAsync();
        _risk.Time.Advance(5 * Minute);
        _risk.Hangs();
        var startedAt = _risk.Time.GetTimestamp();
        var reading = _risk.ReadAsync();

        _risk.Time.Advance(TimeSpan.FromMilliseconds(300));
        var row = await reading.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);

        Assert.Equal(FeatureStatus.Stale, row.Values[0].Status);
        Assert.Equal(TimeSpan.FromMilliseconds(300), _risk.Time.GetElapsedTime(startedAt));
    }

    [Fact]
    public async Task ReadAsync_MoreKeysThanMayBeKept_ForgetsSome()
    {
        using var risk = new ServiceUnderTest(options => (options.Ttl, options.MaxCachedAnswers) = (Minute, 10));
        for (var i = 0; i < 100; i++) await risk.ReadAsync(terminal: $"{i}");

        for (var i = 0; i < 100; i++) await risk.ReadAsync(terminal: $"{i}");

        Assert.InRange(risk.Calls, 190, 200);
    }

    // The server answers with the time: whatever a value claims, its true age is known.
    [Fact]
    public void ReadAsync_AnyHistory_NoValueIsFreshBeyondItsTtlOrTheWantedAge() =>
        Gen.Select(Windows, Step.Array[1, 60]).Sample(history => ReplayAsync(history.Item1, history.Item2).GetAwaiter().GetResult());

    private static Gen<(int Ttl, int Revalidate, int IfError)> Windows => Gen.Select(Gen.Int[0, 50], Gen.Int[0, 50], Gen.Int[0, 100]);

    private static Gen<(int Advance, bool Up, int? MaxAge)> Step => Gen.Select(Gen.Int[0, 40], Gen.Bool, Gen.Int[-1, 60].Select(age => age < 0 ? default(int?) : age));

    private static async Task ReplayAsync((int Ttl, int Revalidate, int IfError) windows, (int Advance, bool Up, int? MaxAge)[] steps)
    {
        using var risk = new ServiceUnderTest(options =>
            (options.Ttl, options.StaleWhileRevalidate, options.StaleIfError) = (Ms(windows.Ttl), Ms(windows.Revalidate), Ms(windows.IfError)));
        var start = risk.Time.GetTimestamp();
        foreach (var step in steps)
        {
            risk.Time.Advance(Ms(step.Advance));
            if (step.Up) risk.UpWithTheTime(start);
            else risk.Down();
            AssertHonest(risk, start, windows, await risk.ReadAsync(step.MaxAge is { } age ? Ms(age) : null), step.MaxAge);
        }
    }

    private static void AssertHonest(ServiceUnderTest risk, long start, (int Ttl, int Revalidate, int IfError) windows, FeatureRow row, int? maxAge)
    {
        var value = row.Values[0];
        if (value.Status is FeatureStatus.Default) return;
        var age = risk.Time.GetElapsedTime(start).TotalMilliseconds - value.Number;
        Assert.Equal(age, risk.Time.GetElapsedTime(row.ReadAt).TotalMilliseconds);

        // What was fetched for this very read is of age zero.
        if (value.Status is FeatureStatus.Fresh) Assert.True(age == 0 || age < windows.Ttl && !(age > maxAge), $"{age} ms old and called fresh");
        else Assert.True(age < windows.Ttl + Math.Max(windows.Revalidate, windows.IfError), $"{age} ms old and still used");
    }

    private static void AssertCompleted(ValueTask<FeatureRow> read) => Assert.True(read.IsCompletedSuccessfully);

    private static TimeSpan Ms(int milliseconds) => TimeSpan.FromMilliseconds(milliseconds);
}

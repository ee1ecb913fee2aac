using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Orleans.Runtime;
using Orleans.Serialization;
using OrleansInference;
using OrleansInference.Grains;
using OrleansInference.Grains.Features;
using OrleansInference.Grains.Features.Views;
using OrleansInference.Grains.Users;
using UnitTests.Fakes;

namespace UnitTests.Grains.Users;

public sealed class UserPushesTests
{
    private static readonly GrainId User = GrainId.Create("user", "-!42");

    private static readonly Serializer Serializer = new ServiceCollection().AddSerializer().BuildServiceProvider().GetRequiredService<Serializer>();

    private readonly FakeGrainStorage _storage = new();
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 4, 1, 12, 0, 0, TimeSpan.Zero));
    private readonly List<CachedFeatureView> _memory = [];
    private SnapshotOutage? _outage;
    private GrainStateLimit? _limit;

    [Fact]
    public async Task SaveAsync_WhatMemoryHas_IsThereAfterTheNextLoad()
    {
        Push("a", 1);
        await Create().SaveAsync();
        _memory.Clear();
        var view = View("a");

        await Create().LoadAsync();

        Assert.Equal(1, view.Row!.Values[0].Number);
        Assert.Equal(_time.GetUtcNow(), view.EventTime);
    }

    [Fact]
    public async Task SaveAsync_ViewThatIsNotInMemory_StaysKept()
    {
        Push("a", 1);
        await Create().SaveAsync();
        _memory.Clear();
        Push("b", 2);
        await Create().SaveAsync();

        Assert.Equal(["a", "b"], await KeptAsync());
    }

    [Fact]
    public async Task SaveAsync_MemoryHasNothingMoreOfAView_IsNotKept()
    {
        var view = Push("a", 1);
        var pushes = Create();
        await pushes.SaveAsync();
        view.Invalidate();
        await pushes.SaveAsync();

        Assert.Empty(await KeptAsync());
    }

    [Fact]
    public Task SaveAsync_ManyAtOnce_AreWrittenTogetherAndNoneIsMissed() => OnTurnsAsync(async () =>
    {
        var pushes = Create();
        await pushes.LoadAsync();
        var saves = new List<Task>();
        for (var i = 0; i < 100; i++)
        {
            Push($"{i:00}", i);
            saves.Add(pushes.SaveAsync());
        }

        await Task.WhenAll(saves);

        Assert.InRange(_storage.Writes, 1, 2);
        Assert.Equal(Enumerable.Range(0, 100).Select(i => $"{i:00}"), await KeptAsync());
    });

    [Fact]
    public async Task SaveAsync_AnotherActivationHasWritten_KeepsBoth()
    {
        var ours = Create();
        await ours.LoadAsync();
        Push("b", 2);
        await Create().SaveAsync();
        _memory.Clear();
        Push("a", 1);

        await ours.SaveAsync();

        Assert.Equal(["a", "b"], await KeptAsync());
    }

    [Fact]
    public async Task SaveAsync_StorageIsGone_FailsAndTheNextOneKeepsAll()
    {
        var pushes = Create();
        Push("a", 1);
        _storage.OnWrite = () => throw new IOException("gone");
        Assert.Equal(InferenceErrorCode.StorageUnavailable, (await Assert.ThrowsAsync<InferenceException>(pushes.SaveAsync)).Code);
        _storage.OnWrite = () => { };

        await pushes.SaveAsync();

        Assert.Equal(["a"], await KeptAsync());
    }

    [Fact]
    public async Task LoadAsync_StorageIsGone_FailsAndIsTriedAgain()
    {
        var pushes = Create();
        _storage.OnCall = () => throw new IOException("gone");
        await Assert.ThrowsAsync<InferenceException>(pushes.LoadAsync);
        Assert.False(pushes.IsLoaded);
        _storage.OnCall = () => { };

        await pushes.LoadAsync();

        Assert.True(pushes.IsLoaded);
    }

    [Fact]
    public async Task LoadAsync_StorageIsKnownToBeGone_IsNotAskedForAWhile()
    {
        var asked = 0;
        _storage.OnCall = () =>
        {
            asked++;
            throw new IOException("gone");
        };

        for (var user = 0; user < 10; user++) await Assert.ThrowsAsync<InferenceException>(Create().LoadAsync);
        Assert.Equal(3, asked);
        _time.Advance(new SnapshotOptions().PauseAfterFailure);
        _storage.OnCall = () => { };

        await Create().LoadAsync();
    }

    [Fact]
    public async Task ClearAsync_Kept_IsGone()
    {
        Push("a", 1);
        var pushes = Create();
        await pushes.SaveAsync();

        await pushes.ClearAsync();

        Assert.True(_storage.IsEmpty);
        Assert.False(pushes.IsLoaded);
    }

    [Fact]
    public Task ClearAsync_ReadIsUnderWay_WhatItReadDoesNotComeBack() => OnTurnsAsync(async () =>
    {
        for (var run = 0; run < 50; run++)
        {
            Push("a", 1);
            await Create().SaveAsync();
            _memory.Clear();
            var (asked, answered) = (new TaskCompletionSource(), new TaskCompletionSource());
            _storage.AfterRead = () =>
            {
                asked.SetResult();
                return answered.Task;
            };
            var (view, pushes) = (View("a"), Create());
            var load = pushes.LoadAsync();
            await asked.Task.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);
            _storage.AfterRead = () => Task.CompletedTask;

            await pushes.ClearAsync();
            answered.SetResult();
            await load;

            Assert.Equal((true, true, null), (pushes.IsLoaded, pushes.IsNothing, pushes.Find("a")));
            Assert.Equal(-1, view.Row!.Values[0].Number);
            await pushes.SaveAsync();
            Assert.Empty(await KeptAsync());
            await pushes.ClearAsync();
            _memory.Clear();
        }
    });

    [Fact]
    public async Task EnsureFits_MoreThanStorageTakes_NamesViewSizesAndRemedy()
    {
        _limit = new GrainStateLimit(900, "a small row", "set another provider");
        Push("a", 1);
        await Create().SaveAsync();
        _memory.Clear();
        var (view, pushes) = (View("b", FeatureType.Text), Create());
        await pushes.LoadAsync();

        pushes.EnsureFits("b", Next(view, 300));
        var fault = Assert.Throws<InferenceException>(() => pushes.EnsureFits("b", Next(view, 800)));

        Assert.Equal((InferenceErrorCode.InvalidInput, "values"), (fault.Code, Assert.Single(fault.Fields).Field));
        Assert.Matches(
            @"^values would make what is kept of the user's pushes (9|1\d)\d\d bytes, of which view b has [89]\d\d; a small row takes 900\. Push fewer or shorter values, .* or set another provider$",
            fault.Message);
        Assert.Equal(["a"], await KeptAsync());
    }

    [Fact]
    public void EnsureFits_StorageHasNoLimit_TakesAny() => Create().EnsureFits("b", Next(View("b", FeatureType.Text), 10_000_000));

    // One at a time, as in a grain.
    private static Task OnTurnsAsync(Func<Task> test) =>
        Task.Factory.StartNew(test, CancellationToken.None, TaskCreationOptions.None, new ConcurrentExclusiveSchedulerPair().ExclusiveScheduler).Unwrap();

    private PushStore Store() =>
        new(_storage, _outage ??= new SnapshotOutage(Options.Create(new SnapshotOptions()), _time, NullLogger<SnapshotOutage>.Instance), Serializer, _limit);

    private PushedFeatures Next(CachedFeatureView view, int length) => view.GetPushedAfter([(0, FeatureValue.Of(new string('x', length)))], _time.GetUtcNow())!;

    private UserPushes Create() => new(new UserIdentity("-!42"), Store(), _memory);

    private async Task<IEnumerable<string>> KeptAsync() => (await Store().ReadAsync(User)).Pushed.Keys.Order();

    private CachedFeatureView Push(string name, double value)
    {
        var view = View(name);
        view.Push([(0, FeatureValue.Of(value))], _time.GetUtcNow());
        return view;
    }

    private CachedFeatureView View(string name, FeatureType type = FeatureType.Number)
    {
        var options = new FeatureViewOptions { Kind = FeatureViewKind.Push, Columns = { ["x"] = new FeatureColumnOptions { Type = type.ToString(), Default = "-1" } } };
        var view = new FeatureView(name, options, new FakeFeatureDatabase(), _time, FakeMeterFactory.Instruments, NullLogger<FeatureView>.Instance);
        _memory.Add(new CachedFeatureView(view, "42"));
        return _memory[^1];
    }
}

using Orleans.Runtime;
using Orleans.Storage;
using OrleansInference;
using OrleansInference.Grains.Features.Views;
using OrleansInference.Grains.Users;
using UnitTests.Fakes;

namespace UnitTests.Grains.Users;

public sealed class UserPushesTests
{
    private static readonly GrainId User = GrainId.Create("user", "-!42");

    private readonly FakeGrainStorage _storage = new();
    private readonly Dictionary<string, PushedFeatures?> _memory = [];
    private readonly List<string> _putBack = [];

    [Fact]
    public async Task SaveAsync_WhatMemoryHas_IsThereAfterTheNextLoad()
    {
        _memory["a"] = Pushed(1);
        await Create().SaveAsync();
        _memory.Clear();

        var later = Create();
        await later.LoadAsync();

        Assert.Equal(["a"], _putBack);
        Assert.Equal(Pushed(1).EventTime, later.Find("a")!.EventTime);
    }

    [Fact]
    public async Task SaveAsync_ViewThatIsNotInMemory_StaysKept()
    {
        _memory["a"] = Pushed(1);
        await Create().SaveAsync();
        _memory.Clear();
        _memory["b"] = Pushed(2);
        await Create().SaveAsync();

        var later = Create();
        await later.LoadAsync();

        Assert.NotNull(later.Find("a"));
        Assert.NotNull(later.Find("b"));
    }

    [Fact]
    public async Task SaveAsync_MemoryHasNothingMoreOfAView_IsNotKept()
    {
        _memory["a"] = Pushed(1);
        var pushes = Create();
        await pushes.SaveAsync();
        _memory["a"] = null;
        await pushes.SaveAsync();

        var later = Create();
        await later.LoadAsync();

        Assert.Null(later.Find("a"));
    }

    [Fact]
    public async Task SaveAsync_ManyAtOnce_AreWrittenTogetherAndNoneIsMissed()
    {
        var pushes = Create();
        await pushes.LoadAsync();
        var saves = new List<Task>();
        for (var i = 0; i < 100; i++)
        {
            _memory[$"{i}"] = Pushed(i);
            saves.Add(pushes.SaveAsync());
        }

        await Task.WhenAll(saves);

        Assert.InRange(_storage.Writes, 1, 2);
        var later = Create();
        await later.LoadAsync();
        Assert.All(Enumerable.Range(0, 100), i => Assert.NotNull(later.Find($"{i}")));
    }

    [Fact]
    public async Task SaveAsync_AnotherActivationHasWritten_KeepsBoth()
    {
        var ours = Create();
        await ours.LoadAsync();
        await Create(() => [("b", Pushed(2))]).SaveAsync();
        _memory["a"] = Pushed(1);

        await ours.SaveAsync();

        var later = Create();
        await later.LoadAsync();
        Assert.NotNull(later.Find("a"));
        Assert.NotNull(later.Find("b"));
    }

    [Fact]
    public async Task SaveAsync_StorageIsGone_FailsAndTheNextOneKeepsAll()
    {
        var pushes = Create();
        _memory["a"] = Pushed(1);
        _storage.OnWrite = () => throw new IOException("gone");
        Assert.Equal(InferenceErrorCode.StorageUnavailable, (await Assert.ThrowsAsync<InferenceException>(pushes.SaveAsync)).Code);
        _storage.OnWrite = () => { };

        await pushes.SaveAsync();

        var later = Create();
        await later.LoadAsync();
        Assert.NotNull(later.Find("a"));
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
    public async Task ClearAsync_Kept_IsGone()
    {
        _memory["a"] = Pushed(1);
        var pushes = Create();
        await pushes.SaveAsync();

        await pushes.ClearAsync();

        Assert.True(_storage.IsEmpty);
        Assert.False(pushes.IsLoaded);
    }

    private static PushedFeatures Pushed(double value) =>
        new(DateTimeOffset.UnixEpoch.AddSeconds(value), [new PushedColumn("x", value, null, false, DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch)]);

    private UserPushes Create(Func<IEnumerable<(string, PushedFeatures?)>>? take = null) =>
        new(User, new PushStore(_storage), take ?? (() => [.. _memory.Select(view => (view.Key, view.Value))]), kept => _putBack.AddRange(kept.Keys));
}

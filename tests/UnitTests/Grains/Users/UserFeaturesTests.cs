using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Orleans.Serialization;
using OrleansInference;
using OrleansInference.Grains;
using OrleansInference.Grains.Features;
using OrleansInference.Grains.Features.Views;
using OrleansInference.Grains.Users;
using UnitTests.Fakes;

namespace UnitTests.Grains.Users;

/// <summary>Pushes of two activations of one user, which together may be more than grain storage takes.</summary>
public sealed class UserFeaturesTests
{
    private const int MaxBytes = 900;

    private static readonly Serializer Serializer = new ServiceCollection().AddSerializer().BuildServiceProvider().GetRequiredService<Serializer>();

    private readonly FakeGrainStorage _storage = new();
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 4, 1, 12, 0, 0, TimeSpan.Zero));
    private readonly TaskScheduler _turns = new ConcurrentExclusiveSchedulerPair().ExclusiveScheduler;
    private readonly UserFeatures _ours;
    private readonly UserFeatures _other;

    public UserFeaturesTests() => (_ours, _other) = (Activate(), Activate());

    [Fact]
    public async Task PushAsync_TooMuchBesideWhatAnotherActivationKept_IsRefusedLikeOneThatIsTooLargeAndChangesNothing()
    {
        await PushAsync(_ours, "a", 10);
        await PushAsync(_other, "b", 500);
        var writes = _storage.Writes;

        var fault = await Assert.ThrowsAsync<InferenceException>(() => PushAsync(_ours, "c", 400));

        Assert.Equal((InferenceErrorCode.InvalidInput, "values"), (fault.Code, Assert.Single(fault.Fields).Field));
        Assert.Matches(@"^values would make what is kept of the user's pushes \d+ bytes, of which view c has [45]\d\d; a small row takes 900\.", fault.Message);
        Assert.Equal(writes, _storage.Writes);
        Assert.Equal((10, 500, -1), await LengthsAsync(_ours));
    }

    [Fact]
    public async Task PushAsync_AfterSuchARefusal_WhatFitsIsKept()
    {
        await PushAsync(_ours, "a", 10);
        await PushAsync(_other, "b", 500);
        await Assert.ThrowsAsync<InferenceException>(() => PushAsync(_ours, "c", 400));

        await PushAsync(_ours, "c", 20);

        Assert.Equal((10, 500, 20), await LengthsAsync(Activate()));
    }

    [Fact]
    public async Task PushAsync_AnotherActivationKeptBeforeTheFirstLoad_IsRefusedToo()
    {
        // Known to have nothing pushed, so it is not asked for again before the push.
        await TurnAsync(() => _ours.InvalidateAsync("a", CancellationToken.None));
        await PushAsync(_other, "b", 500);

        var fault = await Assert.ThrowsAsync<InferenceException>(() => PushAsync(_ours, "c", 400));

        Assert.Equal(InferenceErrorCode.InvalidInput, fault.Code);
        Assert.Equal((-1, 500, -1), await LengthsAsync(_ours));
    }

    [Fact]
    public async Task PushAsync_SeveralWhileOneMeetsAnotherActivation_EachIsKeptOrRefusedByItself()
    {
        await PushAsync(_ours, "a", 10);
        await PushAsync(_other, "b", 500);
        var (reached, open) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        _storage.BeforeWrite = () =>
        {
            reached.TrySetResult();
            return open.Task;
        };
        var small = PushAsync(_ours, "a", 20);
        await reached.Task;
        var large = PushAsync(_ours, "c", 400);
        var invalidated = TurnAsync(() => _ours.InvalidateAsync("a", CancellationToken.None));
        open.SetResult();

        await Task.WhenAll(small, invalidated);

        Assert.Equal(InferenceErrorCode.InvalidInput, (await Assert.ThrowsAsync<InferenceException>(() => large)).Code);
        var (a, b, c) = await LengthsAsync(Activate());
        Assert.Equal((500, -1), (b, c));
        Assert.Contains(a, new[] { -1, 20 });
        Assert.Equal((a, b, c), await LengthsAsync(_ours));
    }

    private UserFeatures Activate()
    {
        var outage = new SnapshotOutage(Options.Create(new SnapshotOptions()), _time, NullLogger<SnapshotOutage>.Instance);
        var store = new PushStore(_storage, outage, Serializer, new GrainStateLimit(MaxBytes, "a small row", "set another provider"));
        return new UserFeatures(new UserIdentity("-!42"), new UserFeaturesServices(new FeatureSources([View("a"), View("b"), View("c")]), store, _time));
    }

    private FeatureView View(string name)
    {
        var options = new FeatureViewOptions { Kind = FeatureViewKind.Push, Columns = { ["x"] = new FeatureColumnOptions { Type = "text", Default = "none" } } };
        return new FeatureView(name, options, new FakeFeatureDatabase(), _time, FakeMeterFactory.Instruments, NullLogger<FeatureView>.Instance);
    }

    private Task PushAsync(UserFeatures user, string view, int length) =>
        TurnAsync(() => user.PushAsync(view, new FeaturePush { Values = [new RequestField("x", new string('x', length))] }, CancellationToken.None));

    // Of what the user's views have; -1 for the default. A push that changes nothing brings them into memory.
    private async Task<(int A, int B, int C)> LengthsAsync(UserFeatures user)
    {
        var past = new FeaturePush { EventTime = "2020-01-01T00:00:00Z", Values = [new RequestField("x", "")] };
        var kept = await new PushStore(_storage, new SnapshotOutage(Options.Create(new SnapshotOptions()), _time, NullLogger<SnapshotOutage>.Instance), Serializer)
            .ReadAsync(new UserIdentity("-!42").Grain);
        foreach (var view in kept.Pushed.Keys) await TurnAsync(() => user.PushAsync(view, past, CancellationToken.None));
        var values = user.Describe().ToDictionary(view => view.View, view => (string)view.Values[0].Value!);
        return (LengthOf("a"), LengthOf("b"), LengthOf("c"));

        int LengthOf(string view) => values.GetValueOrDefault(view) is { } text and not "none" ? text.Length : -1;
    }

    // One at a time, as in a grain.
    private Task TurnAsync(Func<Task> work) => Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.None, _turns).Unwrap();
}

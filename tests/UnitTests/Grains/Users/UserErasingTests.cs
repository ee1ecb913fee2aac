using OrleansInference;
using OrleansInference.Grains.PostProcessing.Erasure;
using OrleansInference.Grains.Users;
using UnitTests.Fakes;

namespace UnitTests.Grains.Users;

/// <summary>A user is erased once all that is under way has ended, and forgotten whatever comes of it.</summary>
public sealed class UserErasingTests
{
    private readonly FakeUserErasure _stored = new();
    private readonly TaskCompletionSource _drained = new();
    private int _forgotten;

    [Fact]
    public async Task EraseAsync_PredictionsUnderWay_WaitsForTheirEnd()
    {
        var erasing = new UserErasing("-!42", _stored, LogErasure.Delete);
        var erasure = EraseAsync(erasing);
        Assert.NotNull(erasing.UnderWay);
        Assert.Empty(_stored.Calls);

        _drained.SetResult();

        var erased = await erasure;
        Assert.Equal(("42", 3, 2, false, 1), (erased.UserId, erased.Predictions, erased.Messages, erased.Pseudonymised, _forgotten));
        Assert.Equal(["delete -!42"], _stored.Calls);
        Assert.Null(erasing.UnderWay);
    }

    [Fact]
    public async Task EraseAsync_TwoCallers_EraseOnce()
    {
        var erasing = new UserErasing("-!42", _stored, LogErasure.Delete);
        var (first, second) = (EraseAsync(erasing), EraseAsync(erasing));

        _drained.SetResult();

        Assert.Same(await first, await second);
        Assert.Single(_stored.Calls);
    }

    [Fact]
    public async Task EraseAsync_Pseudonymise_GivesTheRecordsToARandomUser()
    {
        _drained.SetResult();
        var erasing = new UserErasing("-!42", _stored, LogErasure.Pseudonymise);

        Assert.True((await EraseAsync(erasing)).Pseudonymised);
        await EraseAsync(erasing);

        Assert.All(_stored.Calls, call => Assert.Matches("^pseudonymise -!42 -!erased-[0-9a-f]{32}$", call));
        Assert.Equal(2, _stored.Calls.Distinct().Count());
    }

    [Fact]
    public async Task EraseAsync_DatabaseFails_ForgetsAllTheSameAndCanBeAskedAgain()
    {
        _drained.SetResult();
        var erasing = new UserErasing("-!42", _stored, LogErasure.Delete);
        _stored.Fails = true;

        await Assert.ThrowsAsync<InferenceException>(() => EraseAsync(erasing));
        Assert.Equal((1, null), (_forgotten, erasing.UnderWay));

        _stored.Fails = false;
        await EraseAsync(erasing);
    }

    // A wait that is over at once and is begun again for ever would hold the user's turns, and with them the erasure.
    [Fact]
    public async Task UntilEndedAsync_CallerLeaves_EndsTheirWaitAlone()
    {
        var erasing = new UserErasing("-!42", _stored, LogErasure.Delete);
        var erasure = EraseAsync(erasing);
        using var leaving = new CancellationTokenSource();
        var (left, stays) = (Task.Run(() => erasing.UntilEndedAsync(leaving.Token), TestContext.Current.CancellationToken), erasing.UntilEndedAsync(TestContext.Current.CancellationToken));

        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken));
        Assert.False(stays.IsCompleted);
        _drained.SetResult();
        await erasure;
        await stays.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);
    }

    private Task<UserErasure> EraseAsync(UserErasing erasing) => erasing.EraseAsync(() => _drained.Task, () => Task.CompletedTask, () => _forgotten++);

    private sealed class FakeUserErasure : IUserErasure
    {
        public List<string> Calls { get; } = [];

        public bool Fails { get; set; }

        public Task<(int Predictions, int Messages)> DeleteAsync(string user, CancellationToken cancellationToken) => Answer($"delete {user}");

        public Task<(int Predictions, int Messages)> PseudonymiseAsync(string user, string pseudonym, CancellationToken cancellationToken) =>
            Answer($"pseudonymise {user} {pseudonym}");

        private Task<(int Predictions, int Messages)> Answer(string call)
        {
            Calls.Add(call);
            return Fails ? Task.FromException<(int, int)>(new InferenceException(InferenceErrorCode.StorageUnavailable, "on purpose")) : Task.FromResult((3, 2));
        }
    }
}

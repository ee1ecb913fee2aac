using Orleans.Runtime;
using Orleans.Storage;
using OrleansInference;
using OrleansInference.Grains;
using UnitTests.Fakes;

namespace UnitTests.Grains;

/// <summary>A grain's own state: what a caller is told when grain storage does not do its part.</summary>
public sealed class StoredStateTests
{
    private static readonly GrainId Grain = GrainId.Create("replay", "7");

    private readonly FakeGrainStorage _storage = new();
    private readonly List<string> _told = [];

    [Fact]
    public async Task WriteAsync_ThenRead_IsTheSame()
    {
        var written = Create();
        await written.ReadAsync();
        written.State = ["a"];

        await written.WriteAsync();

        var read = Create();
        await read.ReadAsync();
        Assert.Equal((true, "a"), (read.RecordExists, Assert.Single(read.State)));
    }

    [Fact]
    public async Task ReadAsync_NothingStored_IsANewState()
    {
        var state = Create();

        await state.ReadAsync();

        Assert.False(state.RecordExists);
        Assert.Empty(state.State);
    }

    [Theory]
    [InlineData("read")]
    [InlineData("stored")]
    [InlineData("removed")]
    public async Task Ask_StorageFails_SaysWhatWasNotDoneAndNotWhy(string done)
    {
        _storage.OnCall = () => throw new IOException("Host=db;Password=secret");
        var state = Create();

        var fault = await Assert.ThrowsAsync<InferenceException>(() => AskAsync(state, done));

        Assert.Equal(
            (InferenceErrorCode.StorageUnavailable, $"Replay 7 could not be {done}: grain storage does not answer. Retry.", TimeSpan.FromSeconds(1)),
            (fault.Code, fault.Message, fault.RetryAfter));
    }

    [Fact]
    public async Task WriteAsync_FailsSeveralTimes_TheLogIsToldOnceUntilItSucceeds()
    {
        var state = Create();
        foreach (var isGone in new[] { true, true, false, true })
        {
            _storage.OnCall = isGone ? () => throw new IOException("gone") : () => { };
            await Record.ExceptionAsync(state.WriteAsync);
        }

        Assert.Equal(["gone: Replay 7, stored", "gone: Replay 7, stored"], _told);
    }

    [Fact]
    public async Task WriteAsync_AnotherHasWritten_TellsThat()
    {
        var (state, other) = (Create(), Create());
        await other.WriteAsync();

        await Assert.ThrowsAsync<InconsistentStateException>(state.WriteAsync);

        Assert.Empty(_told);
    }

    private static Task AskAsync(StoredState<List<string>> state, string done) => done switch
    {
        "read" => state.ReadAsync(),
        "stored" => state.WriteAsync(),
        _ => state.ClearAsync(),
    };

    private StoredState<List<string>> Create() => new(_storage, Grain, "replay", "Replay 7", (cause, what, done) => _told.Add($"{cause.Message}: {what}, {done}"));
}

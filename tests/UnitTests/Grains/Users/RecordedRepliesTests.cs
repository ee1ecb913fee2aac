using Microsoft.Extensions.Options;
using OrleansInference;
using OrleansInference.Grains.PostProcessing;
using OrleansInference.Grains.Users;
using UnitTests.Fakes;

namespace UnitTests.Grains.Users;

/// <summary>What was predicted once is answered again; what only looks like it is refused.</summary>
public sealed class RecordedRepliesTests
{
    private static readonly TimeSpan KeyLifetime = TimeSpan.FromHours(1);

    private readonly PlanFixture _plan = new();
    private readonly FakePredictionLog _log = new();
    private readonly RecordedReplies _replies;

    public RecordedRepliesTests() => _replies = new RecordedReplies(_log, Options.Create(new IdempotencyOptions { KeyLifetime = KeyLifetime }), _plan.Time);

    [Fact]
    public async Task FindAsync_NewRequestWithoutKey_IsNoneWithoutAReadOfTheLog()
    {
        Assert.Null(await FindAsync(PlanFixture.Request()));

        Assert.Equal(0, _log.Reads);
    }

    [Fact]
    public async Task FindAsync_KeyRecorded_IsTheFirstAnswerWithItsId()
    {
        var first = Record(PlanFixture.Request(key: "k"), answer: 0.75);

        var reply = await FindAsync(PlanFixture.Request(key: "k"));

        Assert.Equal(first, reply);
    }

    [Fact]
    public async Task FindAsync_IdMayBeRecordedAndIs_IsTheAnswer()
    {
        var request = PlanFixture.Request();
        var first = Record(request);

        Assert.Equal(first, await FindAsync(request with { MayBeRecorded = true }));
    }

    [Fact]
    public async Task FindAsync_IdMayBeRecordedAndIsNot_IsNone() => Assert.Null(await FindAsync(PlanFixture.Request() with { MayBeRecorded = true }));

    [Fact]
    public async Task FindAsync_KeyOfAnotherModel_IsNone()
    {
        _log.Records.Add(_plan.Record(PlanFixture.Request(key: "k")) with { Model = "other" });

        Assert.Null(await FindAsync(PlanFixture.Request(key: "k")));
    }

    [Fact]
    public async Task FindAsync_KeyWithAnotherBody_IsAConflictThatNamesTheKey()
    {
        Record(PlanFixture.Request(amount: 12.5, key: "k"));

        var fault = await Assert.ThrowsAsync<InferenceException>(() => FindAsync(PlanFixture.Request(amount: 13, key: "k")).AsTask());

        Assert.Equal(InferenceErrorCode.IdempotencyConflict, fault.Code);
        Assert.StartsWith("The idempotency key 'k' was used before", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FindAsync_IdOfAnotherUser_IsAConflictThatNamesTheId()
    {
        var request = PlanFixture.Request() with { MayBeRecorded = true };
        _log.Records.Add(_plan.Record(request, user: "-!43"));

        var fault = await Assert.ThrowsAsync<InferenceException>(() => FindAsync(request).AsTask());

        Assert.Equal(InferenceErrorCode.IdempotencyConflict, fault.Code);
        Assert.StartsWith($"The prediction id {request.PredictionId} was used before", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FindAsync_KeyOutlived_IsNoneAndTheKeyIsFree()
    {
        Record(PlanFixture.Request(amount: 1, key: "k"));
        _plan.Time.Advance(KeyLifetime);

        Assert.Null(await FindAsync(PlanFixture.Request(amount: 2, key: "k")));

        Assert.Null(Assert.Single(_log.Records).IdempotencyKey);
    }

    [Fact]
    public async Task FindAsync_KeyJustAlive_IsTheAnswer()
    {
        var first = Record(PlanFixture.Request(key: "k"));
        _plan.Time.Advance(KeyLifetime - TimeSpan.FromTicks(1));

        Assert.Equal(first, await FindAsync(PlanFixture.Request(key: "k")));
    }

    [Fact]
    public async Task GetAsync_Erased_IsWorthARetry()
    {
        var fault = await Assert.ThrowsAsync<InferenceException>(() => _replies.GetAsync("-!42", _plan.Plan, PlanFixture.Request(), CancellationToken.None).AsTask());

        Assert.Equal((InferenceErrorCode.NotReady, TimeSpan.FromSeconds(1)), (fault.Code, fault.RetryAfter));
    }

    private ValueTask<Prediction?> FindAsync(PredictionRequest request) => _replies.FindAsync("-!42", _plan.Plan, request, CancellationToken.None);

    private Prediction Record(PredictionRequest request, double answer = 0.25)
    {
        _log.Records.Add(_plan.Record(request, answer: answer));
        return _plan.Draft(request, answer).Prediction;
    }
}

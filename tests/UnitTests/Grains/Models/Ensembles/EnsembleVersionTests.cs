using Microsoft.Extensions.Time.Testing;
using OrleansInference;
using OrleansInference.Grains.Models.Ensembles;
using UnitTests.Fakes;

namespace UnitTests.Grains.Models.Ensembles;

public sealed class EnsembleVersionTests
{
    private const string Chain = """
        { "steps": [ { "model": "scale", "inputs": { "x": "raw" }, "outputs": { "y": "scaled" } },
                     { "model": "shift", "inputs": { "x": "scaled" }, "outputs": { "y": "shifted" } },
                     { "model": "score", "version": "stable", "inputs": { "x": "shifted" }, "outputs": { "y": "out" } } ],
          "outputs": [ "out" ] }
        """;

    private const string Fork = """
        { "steps": [ { "model": "left", "inputs": { "x": "raw" }, "outputs": { "y": "one" } },
                     { "model": "right", "inputs": { "x": "raw" }, "outputs": { "y": "two" } } ],
          "outputs": [ "two", "one" ] }
        """;

    private readonly FakeTimeProvider _time = new();
    private readonly FakeStepModels _models = new FakeStepModels().With("scale", x => x * 2).With("shift", x => x + 1).With("score", x => x * x);

    [Fact]
    public async Task InferAsync_ThreeSteps_AnswersAsTheThreeCallsInSequence()
    {
        var response = await Infer(Chain, 3, 4);

        Assert.Equal([49f, 81f], response.Outputs[0].Elements<float>().ToArray());
        Assert.Equal(("out", 1), (response.Outputs[0].Name, response.Version));
        Assert.Equal(["scale", "shift", "score"], _models.Calls.Select(call => call.Model));
        Assert.Equal([null, null, "stable"], _models.Calls.Select(call => call.Request.Version));
    }

    [Fact]
    public async Task InferAsync_StepsThatNeedNotWait_RunAtTheSameTime()
    {
        TaskCompletionSource left = Signal(), right = Signal();
        _models.With("left", Meet(left, right)).With("right", Meet(right, left));

        var response = await Infer(Fork, 5).WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);

        Assert.Equal(["two", "one"], response.Outputs.Select(output => output.Name));
    }

    [Fact]
    public async Task InferAsync_OutputsAskedFor_AnswersThoseInThatOrder()
    {
        _models.With("left", x => x).With("right", x => -x);

        var response = await (await Version(Fork)).InferAsync(Request(5) with { Outputs = ["one"] }, CancellationToken.None);

        Assert.Equal([5f], Assert.Single(response.Outputs).Elements<float>().ToArray());
    }

    [Fact]
    public async Task InferAsync_UnknownOutput_IsRefusedBeforeAnyStep()
    {
        var failure = await Assert.ThrowsAsync<InferenceException>(
            async () => await (await Version(Chain)).InferAsync(Request(5) with { Outputs = ["nope"] }, CancellationToken.None));

        Assert.Equal((InferenceErrorCode.InvalidInput, "outputs"), (failure.Code, failure.Fields[0].Field));
        Assert.StartsWith("'nope' is no output of both/1", failure.Fields[0].Message, StringComparison.Ordinal);
        Assert.Empty(_models.Calls);
    }

    [Fact]
    public async Task InferAsync_WrongInput_IsRefusedBeforeAnyStep()
    {
        var request = new InferenceRequest { Inputs = [Tensor.Create("scaled", TensorDatatype.FP32, [1, 1], [1f])] };

        var failure = await Assert.ThrowsAsync<InferenceException>(async () => await (await Version(Chain)).InferAsync(request, CancellationToken.None));

        Assert.Equal(["inputs", "scaled"], failure.Fields.Select(field => field.Field));
        Assert.Empty(_models.Calls);
    }

    [Fact]
    public async Task InferAsync_Always_HandsDownWhatTheRequestSays()
    {
        var request = Request(1) with { Priority = InferencePriority.Bulk, RoutingKey = "-!42", BypassCache = true, Generation = 7 };

        await (await Version(Chain)).InferAsync(request, CancellationToken.None);

        Assert.All(_models.Calls, call => Assert.Equal(
            (InferencePriority.Bulk, "-!42", true, null, 0), (call.Request.Priority, call.Request.RoutingKey, call.Request.BypassCache, call.Request.Timeout, call.Request.Generation)));
    }

    [Fact]
    public async Task InferAsync_Deadline_HandsDownWhatIsLeftOfIt()
    {
        _models.With("scale", Taking(TimeSpan.FromMilliseconds(30))).With("shift", Taking(TimeSpan.FromMilliseconds(20)));

        await (await Version(Chain)).InferAsync(Request(1) with { Timeout = TimeSpan.FromMilliseconds(100) }, CancellationToken.None);

        Assert.Equal([100, 70, 50], _models.Calls.Select(call => call.Request.Timeout!.Value.TotalMilliseconds));
    }

    [Fact]
    public async Task InferAsync_DeadlinePassesBetweenSteps_StartsNoFurtherOne()
    {
        _models.With("scale", Taking(TimeSpan.FromMilliseconds(100)));

        var failure = await Assert.ThrowsAsync<InferenceException>(
            async () => await (await Version(Chain)).InferAsync(Request(1) with { Timeout = TimeSpan.FromMilliseconds(100) }, CancellationToken.None));

        Assert.Equal(InferenceErrorCode.DeadlineExceeded, failure.Code);
        Assert.Equal("In ensemble both, steps[1] (model shift): the request's 100 ms were up before shift could begin. Allow more, or find the slow step in the metrics.", failure.Message);
        Assert.Single(_models.Calls);
    }

    [Theory]
    [InlineData(InferenceErrorCode.ModelFailed, InferenceErrorCode.ModelFailed)]
    [InlineData(InferenceErrorCode.QueueFull, InferenceErrorCode.QueueFull)]
    [InlineData(InferenceErrorCode.NotFound, InferenceErrorCode.NotReady)]
    public async Task InferAsync_StepFails_FailsWithTheStepNamed(InferenceErrorCode code, InferenceErrorCode expected)
    {
        _models.With("shift", (_, _) => throw new InferenceException(code, "On purpose.", TimeSpan.FromSeconds(2)));

        var failure = await Assert.ThrowsAsync<InferenceException>(() => Infer(Chain, 1));

        Assert.Equal((expected, "In ensemble both, steps[1] (model shift): On purpose.", TimeSpan.FromSeconds(2)), (failure.Code, failure.Message, failure.RetryAfter));
        Assert.Equal(2, _models.Calls.Count);
    }

    [Fact]
    public async Task InferAsync_StepRefusesItsInput_NamesTheTensorAndTheStep()
    {
        _models.With("scale", (_, _) => throw InferenceException.InvalidInput(new FieldError("x", "must have shape [-1, 1]", "FP32 [1, 2]")));

        var failure = await Assert.ThrowsAsync<InferenceException>(() => Infer(Chain, 1));

        Assert.Equal(InferenceErrorCode.InvalidInput, failure.Code);
        Assert.Equal(new FieldError("raw", "must have shape [-1, 1] (input 'x' in ensemble both, steps[0] (model scale))", "FP32 [1, 2]"), failure.Fields[0]);
    }

    [Fact]
    public async Task InferAsync_StepFails_EndsTheOtherSteps()
    {
        var started = Signal();
        CancellationToken seen = default;
        _models.With("left", async (_, cancellationToken) =>
        {
            seen = cancellationToken;
            started.SetResult();
            await Task.Delay(Timeout.Infinite, cancellationToken);
            throw new InvalidOperationException("the delay has no end");
        });
        _models.With("right", async (_, _) =>
        {
            await started.Task;
            throw new InferenceException(InferenceErrorCode.ModelFailed, "On purpose.");
        });

        var failure = await Assert.ThrowsAsync<InferenceException>(
            () => Infer(Fork, 1).WaitAsync(Gate.Patience, TestContext.Current.CancellationToken));

        Assert.Equal("In ensemble both, steps[1] (model right): On purpose.", failure.Message);
        Assert.True(seen.IsCancellationRequested);
    }

    [Fact]
    public async Task InferAsync_CallerLeaves_ReachesEveryStep()
    {
        using var left = new CancellationTokenSource();
        TaskCompletionSource first = Signal(), second = Signal();
        _models.With("left", Sleep(first)).With("right", Sleep(second));
        var call = (await Version(Fork)).InferAsync(Request(1), left.Token);
        await Task.WhenAll(first.Task, second.Task);

        await left.CancelAsync();

        var failure = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken));
        Assert.Equal(left.Token, failure.CancellationToken);
    }

    [Fact]
    public async Task InferAsync_StepsModelIsSwapped_CallsTheNewOne()
    {
        var version = await Version(Chain);
        await version.InferAsync(Request(3), CancellationToken.None);
        _models.With("score", x => -x);

        var response = await version.InferAsync(Request(3), CancellationToken.None);

        Assert.Equal([-7f], response.Outputs[0].Elements<float>().ToArray());
    }

    [Fact]
    public async Task Statistics_AnswersAndFailures_AreCounted()
    {
        var version = await Version(Chain);
        await version.InferAsync(Request(1, 2, 3), CancellationToken.None);
        _models.Remove("score");
        await Assert.ThrowsAsync<InferenceException>(() => version.InferAsync(Request(1), CancellationToken.None));

        var statistics = version.Statistics;

        Assert.Equal((3, 1, 1), (statistics.InferenceCount, statistics.Success.Count, statistics.Fail.Count));
        Assert.Equal(("both", 1, _time.GetUtcNow()), (statistics.Name, statistics.Version, statistics.LastInference));
    }

    [Fact]
    public async Task WarmUpAsync_Always_RunsTheStepsAndIsNotCounted()
    {
        var version = await Version(Chain);

        await version.WarmUpAsync(Request(1), CancellationToken.None);

        Assert.Equal((0, 0, 3), (version.Statistics.InferenceCount, version.Statistics.Success.Count, _models.Calls.Count));
    }

    [Fact]
    public async Task RetireAsync_WhileHeld_CompletesWithTheLastHolder()
    {
        var version = await Version(Chain);
        Assert.True(version.TryAcquire());

        var retired = version.RetireAsync();

        Assert.False(retired.IsCompleted);
        Assert.False(version.TryAcquire());
        version.Release();
        await retired.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task TryAcquire_RetiredBetweenTheHolders_IsNeverHeldAfterItsEnd()
    {
        for (var round = 0; round < 200; round++)
        {
            var holders = new VersionHolders();
            Parallel.For(0, 8, i =>
            {
                if (i == 3) _ = holders.RetireAsync();
                else if (holders.TryAcquire()) holders.Release();
            });

            await holders.RetireAsync().WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);
            Assert.False(holders.TryAcquire());
        }
    }

    private static TaskCompletionSource Signal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Answers only once the other one runs too.
    private static Func<InferenceRequest, CancellationToken, Task<InferenceResponse>> Meet(TaskCompletionSource here, TaskCompletionSource there) => async (request, _) =>
    {
        here.SetResult();
        await there.Task;
        return FakeStepModels.Answer(request, x => x);
    };

    private static Func<InferenceRequest, CancellationToken, Task<InferenceResponse>> Sleep(TaskCompletionSource started) => async (request, cancellationToken) =>
    {
        started.SetResult();
        await Task.Delay(Timeout.Infinite, cancellationToken);
        return FakeStepModels.Answer(request, x => x);
    };

    private static InferenceRequest Request(params float[] values) =>
        new() { Inputs = [Tensor.Create<float>("raw", TensorDatatype.FP32, [values.Length, 1], values)] };

    private Func<InferenceRequest, CancellationToken, Task<InferenceResponse>> Taking(TimeSpan time) => (request, _) =>
    {
        _time.Advance(time);
        return Task.FromResult(FakeStepModels.Answer(request, x => x));
    };

    // What a test does not declare is there all the same, so that any ensemble compiles.
    private async Task<EnsembleVersion> Version(string ensemble)
    {
        if (!_models.Has("left")) _models.With("left", x => x).With("right", x => x);
        return new EnsembleVersion(await EnsembleBuilder.CompileAsync(_models, ensemble), _models, _time);
    }

    private async Task<InferenceResponse> Infer(string ensemble, params float[] values) => await (await Version(ensemble)).InferAsync(Request(values), CancellationToken.None);
}

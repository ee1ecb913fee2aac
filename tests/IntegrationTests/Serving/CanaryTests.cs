using IntegrationTests.Infrastructure;
using OrleansInference;

namespace IntegrationTests.Serving;

/// <summary>A share of the callers sees another version, the same ones always; one that fails sees nobody any more.</summary>
public sealed class CanaryTests : IDisposable
{
    private const int Callers = 64;

    private static readonly int Users = Soak.Rounds(inEachRun: 20_000, whole: 100_000);

    private readonly TestDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Canary_TenPercentOfManyUsers_AreTheSameAfterARestartAndAmongTheTwenty()
    {
        _directory.CopyTestModels("versioned");
        Write("versioned", Versions("""{ "version": 2, "percent": 10 }"""));
        await using var silo = await RestartableSilo.StartAsync(_directory);

        var before = await UsersOfTheCanaryAsync(silo.Client);
        await silo.RestartAsync();
        var after = await UsersOfTheCanaryAsync(silo.Client);
        Write("versioned", Versions("""{ "version": 2, "percent": 20 }"""));
        await silo.Client.LoadModelAsync("versioned");
        var raised = await UsersOfTheCanaryAsync(silo.Client);

        TestContext.Current.SendDiagnosticMessage($"of {Users} users {before.Count} see a canary of 10 %, {raised.Count} one of 20 %");
        Assert.InRange(before.Count, 0.097 * Users, 0.103 * Users);
        Assert.Equal(before, after);
        Assert.InRange(raised.Count, 0.197 * Users, 0.203 * Users);
        Assert.Subset(raised, before);
    }

    [Fact]
    public async Task Canary_Predictions_ShowEachUserOneVersionAlsoAfterARestart()
    {
        _directory.CopyTestModels("versioned");
        Write("versioned", Predicting("\"policy\": \"specific\", \"specific\": [ 1 ], \"canary\": { \"version\": 2, \"percent\": 50 }"));
        await using var silo = await RestartableSilo.StartAsync(_directory);

        var first = await VersionsOfUsersAsync(silo.Client);
        var second = await VersionsOfUsersAsync(silo.Client);
        await silo.RestartAsync();
        var third = await VersionsOfUsersAsync(silo.Client);

        Assert.Equal([1, 2], first.Distinct().Order());
        Assert.Equal(first, second);
        Assert.Equal(first, third);
    }

    [Fact]
    public async Task Canary_VersionOrLabelAskedFor_IsWhatAnswers()
    {
        _directory.CopyTestModels("versioned");
        Write("versioned", """{ "versions": { "default": 1, "labels": { "stable": 1, "next": 2 }, "canary": { "version": 2, "percent": 100 } } }""");
        await using var silo = await RestartableSilo.StartAsync(_directory);

        var answers = new List<(int, ModelVariant, float)>();
        foreach (var version in new[] { null, "1", "2", "3", "stable", "next" })
        {
            var answer = await silo.Client.InferAsync("versioned", Floats.X([1, 1], 40) with { Version = version }, TestContext.Current.CancellationToken);
            answers.Add((answer.Version, answer.Variant, answer.First()));
        }

        Assert.Equal(
            [(2, ModelVariant.Canary, 42), (1, ModelVariant.Pinned, 41), (2, ModelVariant.Pinned, 42), (3, ModelVariant.Pinned, 43), (1, ModelVariant.Pinned, 41), (2, ModelVariant.Pinned, 42)],
            answers);
    }

    [Fact]
    public async Task Canary_Failing_IsDemotedAndStaysSoAfterARestart()
    {
        WriteTrial("fails-on", """{ "versions": { "default": 1, "canary": { "version": 2, "percent": 50, "maxErrorRate": 0.1, "minRequests": 20 } } }""");
        await using var silo = await RestartableSilo.StartAsync(_directory);

        // The canary's model fails on 10 and more.
        var failures = 0;
        for (var user = 0; user < 400; user++) failures += await TryInferAsync(silo.Client, user, 10) ? 0 : 1;

        // Those that were on their way are no more than one here: each waits for the one before.
        Assert.Equal(20, failures);
        Assert.Contains("Canary trial/2 is demoted: 20 of its last 20 requests failed, a rate of 1 (versions.canary.maxErrorRate = 0.1)", silo.Output, StringComparison.Ordinal);

        // What routing does at once, the cluster has to agree on before the process may die.
        await UntilDemotedAsync(silo.Client);
        await silo.RestartAsync();
        for (var user = 0; user < 400; user++) Assert.True(await TryInferAsync(silo.Client, user, 10));
    }

    [Fact]
    public async Task Canary_AnsweringNoNumbersToPredictions_IsDemoted()
    {
        WriteTrial("nan", Predicting("\"canary\": { \"version\": 2, \"percent\": 100, \"maxErrorRate\": 0.1, \"minRequests\": 5 }"));
        await using var silo = await RestartableSilo.StartAsync(_directory);
        var failures = 0;

        for (var user = 0; user < 20; user++) failures += await TryPredictAsync(silo.Client, user) ? 0 : 1;

        // The fifth is the one that is enough: four before it were of no use, as it will be.
        Assert.Equal(5, failures);
        Assert.Contains("Canary trial/2 is demoted: 4 of its last 5 requests failed", silo.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Canary_LoadedAnewThroughTheApi_HasAnotherTry()
    {
        WriteTrial("fails-on", """{ "versions": { "default": 1, "canary": { "version": 2, "percent": 100, "maxErrorRate": 0, "minRequests": 1 } } }""");
        await using var silo = await RestartableSilo.StartAsync(_directory);
        Assert.False(await TryInferAsync(silo.Client, 1, 10));
        Assert.True(await TryInferAsync(silo.Client, 1, 10));
        await UntilDemotedAsync(silo.Client);

        await silo.Client.LoadModelAsync("trial");

        Assert.Equal(ModelVariant.Canary, (await silo.Client.InferAsync("trial", Floats.X([1, 1], 5), TestContext.Current.CancellationToken)).Variant);
    }

    [Fact]
    public async Task Canary_MuchSlowerThanTheDefault_IsDemoted()
    {
        // 0.1 s a run beside less than one thousandth.
        WriteTrial("many-nodes", """{ "versions": { "default": 1, "canary": { "version": 2, "percent": 50, "maxLatencyRatio": 3, "minRequests": 5 } } }""");
        await using var silo = await RestartableSilo.StartAsync(_directory);

        for (var user = 0; user < 60; user++) Assert.True(await TryInferAsync(silo.Client, user, 1));

        await UntilDemotedAsync(silo.Client);
        Assert.Contains("Canary trial/2 is demoted: its mean latency is", silo.Output, StringComparison.Ordinal);
        var answer = await silo.Client.InferAsync("trial", Floats.X([1, 1], 1) with { RoutingKey = "any" }, TestContext.Current.CancellationToken);
        Assert.Equal((1, ModelVariant.Default), (answer.Version, answer.Variant));
    }

    private static string Versions(string canary) => $$"""{ "versions": { "policy": "specific", "specific": [ 1 ], "default": 1, "canary": {{canary}} } }""";

    private static string Predicting(string versions) => $$"""
        {
          "versions": { "default": 1, {{versions}} },
          "predict": {
            "request":  { "x": { "type": "number", "required": true } },
            "inputs":   { "x": [ "request.x" ] },
            "response": { "prediction": { "output": "y" } },
            "deadline": "00:00:25"
          }
        }
        """;

    private static PredictionRequest Prediction(int user) => new() { UserId = $"{user}", Fields = [new RequestField("x", 7)] };

    private static async Task<bool> TryPredictAsync(IInferenceClient client, int user)
    {
        try
        {
            await client.PredictAsync(Prediction(user));
            return true;
        }
        catch (InferenceException e) when (e.Code is InferenceErrorCode.ModelFailed)
        {
            return false;
        }
    }

    private static async Task<SortedSet<int>> UsersOfTheCanaryAsync(IInferenceClient client)
    {
        var seen = new bool[Users];
        await Parallel.ForAsync(0, Users, new ParallelOptions { MaxDegreeOfParallelism = Callers }, async (user, stop) =>
        {
            var answer = await client.InferAsync("versioned", Floats.X([1, 1], user) with { RoutingKey = $"user-{user}" }, stop);

            // The version that says so is the one that ran.
            Assert.Equal(user + answer.Version, answer.First());
            Assert.Equal(answer.Version == 2 ? ModelVariant.Canary : ModelVariant.Default, answer.Variant);
            seen[user] = answer.Version == 2;
        });
        return [.. Enumerable.Range(0, Users).Where(user => seen[user])];
    }

    private static async Task<int[]> VersionsOfUsersAsync(IInferenceClient client)
    {
        var versions = new int[100];
        for (var user = 0; user < versions.Length; user++)
        {
            var prediction = await client.PredictAsync(Prediction(user));
            versions[user] = prediction.ModelVersion;
            Assert.Equal(7 + prediction.ModelVersion, prediction.Value);
        }

        return versions;
    }

    private static async Task<bool> TryInferAsync(IInferenceClient client, int user, float x)
    {
        try
        {
            await client.InferAsync("trial", Floats.X([1, 1], x) with { RoutingKey = $"user-{user}" });
            return true;
        }
        catch (InferenceException e) when (e.Code is InferenceErrorCode.ModelFailed)
        {
            return false;
        }
    }

    // Version 1 answers x + 1; version 2 is another of the tests' models with the same tensors.
    private void WriteTrial(string second, string manifest)
    {
        foreach (var (version, model) in new[] { ("1", "versioned"), ("2", second) })
        {
            var folder = Directory.CreateDirectory(Path.Combine(_directory.File("models"), "trial", version));
            File.Copy(Path.Combine(Repository.TestModels, model, "1", "model.onnx"), Path.Combine(folder.FullName, "model.onnx"));
        }

        Write("trial", manifest);
    }

    private void Write(string model, string manifest) => TestModels.WriteManifest(_directory.File("models"), model, manifest);

    // The cluster agrees on it beside the requests: only looking again tells when it has.
    private static Task UntilDemotedAsync(IInferenceClient client) =>
        Eventually.TrueAsync(async () => !(await client.GetModelConfigAsync("trial")).Contains("canary", StringComparison.Ordinal));
}

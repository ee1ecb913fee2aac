using IntegrationTests.Infrastructure;
using OrleansInference;

namespace IntegrationTests.Serving;

/// <summary>A version gets copies of what was answered; whatever it does, no reply knows of it.</summary>
public sealed class ShadowTests
{
    [Fact]
    public async Task Shadow_AnswersOtherwise_RecordsTheDifferenceAndChangesNoReply()
    {
        using var record = new MeterRecord("shadow-other");
        await using var server = await StartAsync("shadow-other", "versioned", "2");

        for (var x = 0; x < 20; x++) await AssertReplyAsync(server.Client, "shadow-other", x);

        await record.WaitAsync("inference.shadow.difference", outcome: null, count: 1);
        Assert.All(record.Values("inference.shadow.difference"), difference => Assert.Equal(1, difference));
        Assert.Empty(record.Values("inference.shadow.mismatches"));
    }

    [Fact]
    public async Task Shadow_ThrowsOnEveryRequest_ChangesNoReply()
    {
        using var record = new MeterRecord("shadow-throws");
        await using var server = await StartAsync("shadow-throws", "fails-on", "1");

        for (var x = 10; x < 60; x++) await AssertReplyAsync(server.Client, "shadow-throws", x);

        await record.WaitAsync("inference.shadow.requests", "failed", 1);
        Assert.Empty(record.Values("inference.shadow.requests", "ok"));
    }

    [Fact]
    public async Task Shadow_SleepsOnEveryRequest_ChangesNoReplyAndHoldsNoneUp()
    {
        // 0.1 s a copy, one at a time; the requests come as fast as they are answered.
        const int Requests = 300;
        using var record = new MeterRecord("shadow-sleeps");
        await using var server = await StartAsync("shadow-sleeps", "many-nodes", "1");

        for (var x = 0; x < Requests; x++) await AssertReplyAsync(server.Client, "shadow-sleeps", x);

        // Had the replies waited for their copies, all of them would be done by now.
        Assert.InRange(record.Values("inference.shadow.requests", "ok").Length, 0, Requests / 2);

        // Left alone, it gets its turn.
        await record.WaitAsync("inference.shadow.requests", "ok", 1);
    }

    [Fact]
    public async Task Shadow_VersionAskedFor_IsNotCopied()
    {
        using var record = new MeterRecord("shadow-pinned");
        await using var server = await StartAsync("shadow-pinned", "versioned", "2");

        await server.Client.InferAsync("shadow-pinned", Floats.X([1, 1], 1) with { Version = "1" }, TestContext.Current.CancellationToken);
        await AssertReplyAsync(server.Client, "shadow-pinned", 1);

        await record.WaitAsync("inference.shadow.requests", "ok", 1);
        Assert.Single(record.Values("inference.shadow.requests"));
    }

    private static async Task AssertReplyAsync(IInferenceClient client, string model, float x)
    {
        var answer = await client.InferAsync(model, Floats.X([1, 1], x));
        Assert.Equal((1, ModelVariant.Default, x + 1), (answer.Version, answer.Variant, answer.First()));
    }

    // The version that answers gives x + 1; the shadow is another of the tests' models with the same tensors.
    private static Task<InProcessServer> StartAsync(string name, string shadow, string shadowVersion)
    {
        var directory = new TestDirectory();
        foreach (var (version, model, from) in new[] { ("1", "versioned", "1"), ("2", shadow, shadowVersion) })
        {
            var folder = Directory.CreateDirectory(Path.Combine(directory.File("models"), name, version));
            File.Copy(Path.Combine(Repository.TestModels, model, from, "model.onnx"), Path.Combine(folder.FullName, "model.onnx"));
        }

        TestModels.WriteManifest(directory.File("models"), name, """{ "versions": { "shadow": { "version": 2 } } }""");
        return InProcessServer.StartAsync(directory, [$"Inference:ModelRepository:Path={directory.File("models")}"]);
    }
}

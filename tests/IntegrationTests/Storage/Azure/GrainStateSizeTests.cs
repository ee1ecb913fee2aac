using System.Net;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Azure.Data.Tables;
using IntegrationTests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Runtime;
using OrleansInference;
using OrleansInference.Grains;
using OrleansInference.Grains.Features.Views;
using OrleansInference.Grains.Users;

namespace IntegrationTests.Storage.Azure;

/// <summary>A user's pushes beside what a row of an Azure table takes.</summary>
public sealed class GrainStateSizeTests(AzuriteTestServer azurite)
{
    private const int RowBytes = 983_040;
    private const int Columns = 320;
    private const int MostInABody = 80;

    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Put_MoreThanARowTakes_SaysSoAndChangesNothing()
    {
        var place = await azurite.FindPlaceAsync();
        await using var server = await StartAsync(place, "AzureTable");
        await PutNextAsync(server, 0, 240);
        var (before, kept) = (await ReadUserAsync(server), await ReadETagAsync(place));

        using var response = await PutAsync(server, 239, 239 + MostInABody, '月');

        var problem = await Problem.ReadAsync(response);
        Assert.Equal((HttpStatusCode.UnprocessableEntity, "InvalidInput", "values"), (problem.Status, problem.Code, Assert.Single(problem.Errors).Field));
        Assert.Matches(
            @"^values would make what is kept of the user's pushes \d{6,7} bytes, of which view wide has \d{6,7}; a row of an Azure table takes 983040\. Push fewer or shorter values, .* or set Inference:GrainState:Provider to AzureBlob, which begins empty$",
            problem.Detail);
        Assert.Equal((before, kept), (await ReadUserAsync(server), await ReadETagAsync(place)));

        // Neither memory nor the row has anything of it, so what fits is still taken, and the next activation finds that. (Azurite measures
        // an update, unlike an insert, by its base64: it takes some 780,000 bytes only.)
        await PutNextAsync(server, 240, 245);
        var after = await ReadUserAsync(server);
        await server.Services.GetRequiredService<IGrainFactory>().GetGrain<IManagementGrain>(0).ForceActivationCollection(TimeSpan.Zero, Cancellation);
        await server.Client.PrefetchAsync("7", cancellationToken: Cancellation);
        Assert.Equal(after, await ReadUserAsync(server));
        Assert.NotEqual(before, after);
    }

    // Two activations of one user, as while a silo is cut off: the second one does not know what the first has kept since.
    [Fact]
    public async Task Put_MoreThanARowTakesWithWhatAnotherActivationKept_SaysSoAndChangesNothing()
    {
        var place = await azurite.FindPlaceAsync();
        await using var one = await StartAsync(place, "AzureTable");
        await using var other = await StartAsync(place, "AzureTable");
        await PutNextAsync(one, 0, 80);
        await PutNextAsync(other, 80, 240);
        var (kept, etag) = (await ReadUserAsync(other), await ReadETagAsync(place));

        using var response = await PutAsync(one, 240, 320, '日');

        var problem = await Problem.ReadAsync(response);
        Assert.Equal((HttpStatusCode.UnprocessableEntity, "InvalidInput", "values"), (problem.Status, problem.Code, Assert.Single(problem.Errors).Field));
        Assert.Contains("a row of an Azure table takes 983040", problem.Detail, StringComparison.Ordinal);
        Assert.Equal(etag, await ReadETagAsync(place));
        await one.Client.PrefetchAsync("7", cancellationToken: Cancellation);
        Assert.Equal(ValuesOf(kept), ValuesOf(await ReadUserAsync(one)));
        await PutNextAsync(one, 240, 245);
        Assert.NotEqual(etag, await ReadETagAsync(place));
    }

    [Fact]
    public async Task Put_TheSameToBlobs_IsKept()
    {
        await using var server = await StartAsync(await azurite.FindPlaceAsync(), "AzureBlob");

        await PutNextAsync(server, 0, Columns);
    }

    // What is measured beforehand is what the provider measures: to the byte.
    [Fact]
    public async Task EnsureFits_ExactlyARow_IsWrittenAndOneByteMoreIsNot()
    {
        await using var store = await GrainStateStore.StartAsync((await azurite.FindPlaceAsync()).GrainState("AzureTable"));
        var outage = new SnapshotOutage(Options.Create(new SnapshotOptions()), TimeProvider.System, NullLogger<SnapshotOutage>.Instance);
        var pushes = new PushStore(store.Storage, outage, store.Serializer, store.Limit);
        var length = RowBytes - (store.Serializer.SerializeToArray(new PushedState { Views = Pushed(RowBytes) }).Length - RowBytes);
        var user = GrainStateStore.NewGrain();

        pushes.EnsureFits("wide", Pushed(length));
        await pushes.WriteAsync(user, Pushed(length), null);

        Assert.Throws<InferenceException>(() => pushes.EnsureFits("wide", Pushed(length + 1)));
        await Assert.ThrowsAnyAsync<ArgumentException>(() => pushes.WriteAsync(GrainStateStore.NewGrain(), Pushed(length + 1), null));
        Assert.Equal(length, (await pushes.ReadAsync(user)).Pushed["wide"].Columns[0].Text!.Length);
    }

    private static Dictionary<string, PushedFeatures> Pushed(int length) => new()
    {
        ["wide"] = new PushedFeatures(DateTimeOffset.UnixEpoch, [new PushedColumn("x", 0, new string('x', length), false, DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch)]),
    };

    private static Task<InProcessServer> StartAsync(AzurePlace place, string provider)
    {
        var directory = new TestDirectory();
        var models = directory.CopyModels(Repository.TestModels, "identity");
        File.WriteAllText(
            Path.Combine(models, "identity", "model.json"),
            """
            {
              "predict": {
                "request": { "extra": { "type": "number", "default": 0 } },
                "features": [ "wide" ],
                "inputs": { "x": [ "request.extra", "request.extra", "request.extra", "request.extra" ] },
                "response": { "prediction": { "output": "y" } },
                "deadline": "00:00:20"
              }
            }
            """);
        return InProcessServer.StartAsync(
            directory,
            [$"Inference:ModelRepository:Path={models}", .. place.GrainState(provider), "Inference:FeatureViews:wide:Kind=Push", .. Enumerable.Range(0, Columns).Select(i => $"Inference:FeatureViews:wide:Columns:{Name(i)}:Type=text")]);
    }

    private static async Task PutNextAsync(InProcessServer server, int from, int to)
    {
        for (var next = from; next < to; next += MostInABody)
        {
            using var response = await PutAsync(server, next, Math.Min(next + MostInABody, to), '日');
            Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(Cancellation));
        }
    }

    // Three bytes in UTF-8 for each letter.
    private static async Task<HttpResponseMessage> PutAsync(InProcessServer server, int from, int to, char letter)
    {
        var values = Enumerable.Range(from, to - from).ToDictionary(Name, _ => new string(letter, 1024));
        using var content = new StringContent(JsonSerializer.Serialize(new { values }, Plain), Encoding.UTF8, "application/json");
        return await server.Http.PutAsync("/v1/users/7/features/wide", content, Cancellation);
    }

    private static async Task<string> ReadUserAsync(InProcessServer server)
    {
        var view = (await server.Http.GetJsonAsync("/v1/users/7")).GetProperty("features").GetProperty("wide");
        return $"{view.GetProperty("event_time")} {view.GetProperty("values")}";
    }

    private static string ValuesOf(string user) => user[user.IndexOf('{', StringComparison.Ordinal)..];

    private static async Task<string> ReadETagAsync(AzurePlace place) =>
        (await place.Table.QueryAsync<TableEntity>(entity => entity.RowKey == "pushed", cancellationToken: Cancellation).SingleAsync(Cancellation)).ETag.ToString();

    private static string Name(int column) => $"c{column:000}";
}

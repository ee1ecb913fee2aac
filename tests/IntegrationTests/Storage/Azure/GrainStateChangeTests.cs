using System.Net;
using Azure.Data.Tables;
using IntegrationTests.Infrastructure;

namespace IntegrationTests.Storage.Azure;

/// <summary>Another provider of grain state begins empty: users come back from the log, whatever older snapshots there are.</summary>
public sealed class GrainStateChangeTests(AzuriteTestServer azurite) : IDisposable
{
    private readonly TestDirectory _data = new();

    public void Dispose() => _data.Dispose();

    [Fact]
    public async Task Start_OtherProvider_UsersStartAgainFromTheLog()
    {
        await DemoData.CopyToAsync(_data.File("data"));
        var place = await azurite.FindPlaceAsync();
        var expected = 0;

        // Sqlite last finds a snapshot from before all the others.
        foreach (var provider in new[] { "Sqlite", "AzureTable", "AzureBlob", "Sqlite" })
        {
            await using var server = await InProcessServer.StartPatientDemoAsync([$"Inference:DataDirectory={_data.File("data")}", .. place.GrainState(provider)]);
            for (var i = 0; i < 3; i++) Assert.Equal(++expected, await CountAsync(server));
        }

        Assert.Equal(1, await CountRowsAsync(place));
    }

    private static async Task<int> CountAsync(InProcessServer server)
    {
        var (status, answer) = await server.Http.PostJsonAsync("/predict", """{"user_id": "change/1", "raw_feature": "3156", "amount": 10}""");
        Assert.Equal(HttpStatusCode.OK, status);
        var features = (await server.Http.GetJsonAsync($"/v1/predictions/{answer.GetProperty("prediction_id").GetString()}")).GetProperty("features");
        return (int)features.GetProperty("spending.count_1d").GetProperty("value").GetDouble();
    }

    private static async Task<int> CountRowsAsync(AzurePlace place) =>
        await place.Table.QueryAsync<TableEntity>(entity => entity.RowKey == "user", cancellationToken: TestContext.Current.CancellationToken).CountAsync(TestContext.Current.CancellationToken);
}

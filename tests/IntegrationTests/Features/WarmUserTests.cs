using System.Diagnostics.Metrics;
using System.Net;
using IntegrationTests.Infrastructure;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using OrleansInference.Grains.Features.Views;

namespace IntegrationTests.Features;

/// <summary>What a prediction costs whose user and terminal are known.</summary>
public sealed class WarmUserTests
{
    [Fact]
    public async Task Predict_WarmUserAtACachedTerminal_CostsNoQueryNoCallAndOneCommit()
    {
        await using var service = await TestHttpService.StartAsync(context => context.Response.WriteAsJsonAsync(new { value = 5 }));
        var directory = new TestDirectory();
        var users = new StoredUsers(directory);
        await using var server = await InProcessServer.StartAsync(
            directory,
            [
                .. FeatureModel.Write(directory, "remote.value", """ "features": [ "stored" ], "externals": [ "remote" ] """),
                .. FeatureModel.Remote(service.Address, "Ttl=01:00:00"),
                $"Inference:FeatureViews:stored:{users.Setting}",
                $"Inference:FeatureViews:stored:Sql={StoredUsers.Sql}",
                "Inference:FeatureViews:stored:Ttl=01:00:00",
                "Inference:FeatureViews:stored:Columns:value:Default=-1",
            ],
            CountingFeatureDatabase.Decorate);
        var database = (CountingFeatureDatabase)server.Services.GetRequiredService<IFeatureDatabase>();
        await PredictAsync(server, """{"user_id": 1, "key": "3156"}""");
        Assert.Equal((1, 1L), (database.Queries, service.Requests));
        using var commits = new Commits(server.Services.GetRequiredService<IMeterFactory>());

        for (var i = 0; i < 10; i++) await PredictAsync(server, """{"user_id": 1, "key": "3156"}""");

        Assert.Equal((1, 1L), (database.Queries, service.Requests));
        Assert.Equal(10, commits.Count);
        Assert.Equal(11, server.Log.ReadPredictionIds().Count);
    }

    private static async Task PredictAsync(InProcessServer server, string body)
    {
        var (status, answer) = await server.Http.PostJsonAsync("/v1/models/identity/predict", body);
        Assert.Equal((HttpStatusCode.OK, 5), (status, answer.GetProperty("prediction").GetDouble()));
    }

    /// <summary>The group commits of one server's log.</summary>
    private sealed class Commits : IDisposable
    {
        private readonly MeterListener _listener = new();
        private int _count;

        public Commits(IMeterFactory meters)
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name == "inference.log.commit.size" && instrument.Meter.Scope == meters) listener.EnableMeasurementEvents(instrument);
            };
            _listener.SetMeasurementEventCallback<int>((_, _, _, _) => Interlocked.Increment(ref _count));
            _listener.Start();
        }

        public int Count => Volatile.Read(ref _count);

        public void Dispose() => _listener.Dispose();
    }
}

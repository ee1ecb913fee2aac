using IntegrationTests.Infrastructure;
using Npgsql;
using OrleansInference;

namespace IntegrationTests.Features;

/// <summary>Live windows whose past is in a team's own PostgreSQL table.</summary>
public sealed class PostgreSqlHistoryTests(PostgresTestServer postgres)
{
    private const string Sql = "SELECT paid_at AS at, amount AS value FROM payments WHERE user_id = @user_id AND paid_at > to_timestamp(@since) AND paid_at < to_timestamp(@until)";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Predict_UserWithAPast_CountsItFromTheFirstPredictionOn()
    {
        await using var server = await StartAsync(Sql);

        Assert.Equal([(3, 42), (4, 52)], [await PredictAsync(server, "7"), await PredictAsync(server, "7")]);
        Assert.Equal((1, 10), await PredictAsync(server, "8"));
    }

    [Theory]
    [InlineData("x")]
    [InlineData("nul\0")]
    public async Task Predict_UserWhoCannotBeInTheTable_HasNoPast(string user)
    {
        await using var server = await StartAsync(Sql, "UserIdType=Number");

        Assert.Equal((1, 10), await PredictAsync(server, user));
    }

    [Theory]
    [InlineData("SELECT amount AS value FROM payments WHERE user_id = @user_id AND paid_at > to_timestamp(@since) AND paid_at < to_timestamp(@until)", "Inference:FeatureViews:spending:History:Sql gives no column 'at'. Name one with AS at.")]
    [InlineData("SELECT 'soon' AS at, amount AS value FROM payments WHERE user_id = @user_id AND paid_at > to_timestamp(@since) AND paid_at < to_timestamp(@until)", "column 'at' of the history of view spending gave String 'soon', which is no time.")]
    [InlineData("SELECT paid_at AS at, amount AS value FROM nowhere WHERE user_id = @user_id AND paid_at > to_timestamp(@since) AND paid_at < to_timestamp(@until)", "relation \"nowhere\" does not exist")]
    public async Task Predict_HistoryIsWrong_SaysWhat(string sql, string message)
    {
        await using var server = await StartAsync(sql);

        var failure = await Assert.ThrowsAsync<InferenceException>(() => PredictAsync(server, "7"));

        Assert.Equal(InferenceErrorCode.StorageUnavailable, failure.Code);
        Assert.Contains(message, failure.Message, StringComparison.Ordinal);
    }

    private static async Task<(double Count, double Sum)> PredictAsync(InProcessServer server, string user)
    {
        var prediction = await server.Client.PredictAsync(new PredictionRequest { UserId = user, Details = true, Fields = [new RequestField("amount", 10)] }, Cancellation);
        var values = prediction.Details!.Features.ToDictionary(feature => feature.Name, feature => feature.Value);
        return ((double)values["spending.count"]!, (double)values["spending.sum"]!);
    }

    // Two payments of user 7 within the window, and one before it.
    private async Task<InProcessServer> StartAsync(string sql, params string[] history)
    {
        var database = await postgres.CreateDatabaseAsync();
        await using var source = NpgsqlDataSource.Create(database);
        await using var command = source.CreateCommand(
            """
            CREATE TABLE payments (user_id bigint, paid_at timestamptz, amount numeric);
            INSERT INTO payments VALUES (7, now() - interval '1 hour', 12), (7, now() - interval '23 hours', 20), (7, now() - interval '25 hours', 400)
            """);
        await command.ExecuteNonQueryAsync(Cancellation);
        var directory = new TestDirectory();
        var models = directory.CopyModels(Repository.TestModels, "identity");
        await File.WriteAllTextAsync(
            Path.Combine(models, "identity", "model.json"),
            """
            {
              "predict": {
                "request": { "amount": { "type": "number", "required": true }, "at": { "type": "timestamp", "default": "now" } },
                "event": { "view": "spending", "value": "amount", "time": "at" },
                "features": [ "spending" ],
                "inputs": { "x": [ "spending.count", "spending.sum", "request.amount", "request.amount" ] },
                "response": { "prediction": { "output": "y" } },
                "deadline": "00:00:20"
              }
            }
            """,
            Cancellation);
        return await InProcessServer.StartAsync(directory, [
            $"Inference:ModelRepository:Path={models}",
            "Inference:FeatureViews:spending:Kind=Window",
            "Inference:FeatureViews:spending:Columns:count:Aggregate=count",
            "Inference:FeatureViews:spending:Columns:count:Window=1.00:00:00",
            "Inference:FeatureViews:spending:Columns:sum:Aggregate=sum",
            "Inference:FeatureViews:spending:Columns:sum:Window=1.00:00:00",
            "Inference:FeatureViews:spending:History:Provider=PostgreSql",
            $"Inference:FeatureViews:spending:History:ConnectionString={database}",
            $"Inference:FeatureViews:spending:History:Sql={sql}",
            "Inference:FeatureViews:spending:History:Timeout=00:00:20",
            .. history.Select(setting => $"Inference:FeatureViews:spending:History:{setting}")]);
    }
}

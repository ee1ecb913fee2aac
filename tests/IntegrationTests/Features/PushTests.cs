using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using IntegrationTests.Infrastructure;
using Microsoft.Data.Sqlite;

namespace IntegrationTests.Features;

/// <summary>PUT, DELETE and prefetch under /v1/users/{id}, over HTTP. Each test has users of its own, whose value is their id.</summary>
public sealed class PushTests(PushTests.Running running) : IClassFixture<PushTests.Running>
{
    private readonly InProcessServer _server = running.Server;

    [Fact]
    public async Task Put_Value_IsInTheNextPrediction()
    {
        Assert.Equal(11.0, (await _server.PredictAsync("11")).Value);

        var (status, body) = await PutAsync("11", """{"values": {"value": 9}}""");

        Assert.Equal((HttpStatusCode.OK, true), (status, body.GetProperty("applied").GetBoolean()));
        Assert.Equal((9.0, "fresh"), await _server.PredictAsync("11") is var used ? (used.Value, used.Status) : default);
        var view = (await _server.Http.GetJsonAsync("/v1/users/11")).GetProperty("features").GetProperty("stored");
        Assert.Equal(("fresh", 9.0, "one"), (view.GetProperty("status").GetString(), view.GetProperty("values").GetProperty("value").GetDouble(), view.GetProperty("values").GetProperty("name").GetString()));
        Assert.Equal(body.GetProperty("event_time").GetDateTime(), view.GetProperty("event_time").GetDateTime());
    }

    [Fact]
    public async Task Put_OlderEventTime_IsNotAppliedAndSaysWhatIsKnown()
    {
        await PutAsync("12", """{"event_time": "2026-04-01T12:00:00Z", "values": {"value": 9, "name": "nine"}}""");

        var (status, body) = await PutAsync("12", """{"event_time": "2026-04-01T11:59:59Z", "values": {"value": 8}}""");

        Assert.Equal((HttpStatusCode.OK, false), (status, body.GetProperty("applied").GetBoolean()));
        Assert.Equal(new DateTime(2026, 4, 1, 12, 0, 0, DateTimeKind.Utc), body.GetProperty("event_time").GetDateTime());
        Assert.Equal(9.0, (await _server.PredictAsync("12")).Value);
    }

    [Fact]
    public async Task Put_Faults_AreToldAndChangeNothing()
    {
        var future = DateTimeOffset.UtcNow.AddMinutes(6).ToString("O", CultureInfo.InvariantCulture);

        var (status, body) = await PutAsync("13", $$$"""{"event_time": "{{{future}}}", "values": {"value": "many", "other": 1}}""");

        Assert.Equal(HttpStatusCode.UnprocessableEntity, status);
        Assert.Equal(["event_time", "values.value", "values.other"], body.GetProperty("errors").EnumerateArray().Select(fault => fault.GetProperty("field").GetString()));
        Assert.Equal("\"many\"", body.GetProperty("errors")[1].GetProperty("value").GetString());
        Assert.Equal(13.0, (await _server.PredictAsync("13")).Value);
    }

    [Theory]
    [InlineData("""{"values": 5}""", "values")]
    [InlineData("""{}""", "values")]
    [InlineData("""{"values": {"value": 1}, "more": 1}""", "more")]
    [InlineData("""{"values": {"value": 1e999}}""", "values.value")]
    [InlineData("""{"values": {"value": [1]}}""", "values.value")]
    [InlineData("""{"values": {"name": "\ud800"}}""", "values.name")]
    [InlineData("""[]""", "")]
    public async Task Put_NotAPush_Is422(string sent, string field)
    {
        var (status, body) = await PutAsync("14", sent);

        Assert.Equal((HttpStatusCode.UnprocessableEntity, field), (status, body.GetProperty("errors")[0].GetProperty("field").GetString()));
    }

    [Fact]
    public async Task Put_NotJson_Is400() => Assert.Equal(HttpStatusCode.BadRequest, (await PutAsync("15", "{")).Status);

    [Fact]
    public async Task Put_UnknownView_Is404NamingTheViews()
    {
        using var content = new StringContent("""{"values": {"value": 9}}""", Encoding.UTF8, "application/json");
        using var response = await _server.Http.PutAsync("/v1/users/16/features/other", content, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Equal("There is no feature view 'other'. Views: stored.", (await Json.ReadAsync(response)).GetProperty("detail").GetString());
    }

    [Fact]
    public async Task Put_UserWithASlash_IsThatUser()
    {
        await PutAsync("a%2Fb", """{"values": {"value": 9}}""");

        Assert.Equal(9.0, (await _server.PredictAsync("a/b")).Value);
        Assert.Equal(-1.0, (await _server.PredictAsync("a%2Fb")).Value);
    }

    [Fact]
    public async Task Delete_PushedValue_IsReadAgain()
    {
        await PutAsync("18", """{"values": {"value": 9}}""");

        using var response = await _server.Http.DeleteAsync("/v1/users/18/features/stored", TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        Assert.Equal(18.0, (await _server.PredictAsync("18")).Value);
    }

    [Theory]
    [InlineData("")]
    [InlineData("""{"model": "identity"}""")]
    public async Task Prefetch_ColdUser_IsWarmWhenItAnswers(string sent)
    {
        using var content = sent.Length == 0 ? null : new StringContent(sent, Encoding.UTF8, "application/json");
        using var response = await _server.Http.PostAsync("/v1/users/19/prefetch", content, TestContext.Current.CancellationToken);

        var body = await Json.ReadAsync(response);
        Assert.True(response.IsSuccessStatusCode, body.ToString());
        Assert.Equal(("identity", "stored"), (body.GetProperty("model").GetString(), body.GetProperty("views")[0].GetString()));
        Assert.Equal("fresh", (await _server.Http.GetJsonAsync("/v1/users/19")).GetProperty("features").GetProperty("stored").GetProperty("status").GetString());
    }

    [Fact]
    public async Task Prefetch_UnknownModel_Is404() =>
        Assert.Equal(HttpStatusCode.NotFound, (await _server.Http.PostJsonAsync("/v1/users/20/prefetch", """{"model": "other"}""")).Status);

    [Fact]
    public async Task Erase_PushedValue_IsGone()
    {
        await PutAsync("21", """{"values": {"value": 9}}""");

        (await _server.Http.DeleteAsync("/v1/users/21", TestContext.Current.CancellationToken)).Dispose();

        Assert.Equal(21.0, (await _server.PredictAsync("21")).Value);
    }

    private async Task<(HttpStatusCode Status, JsonElement Body)> PutAsync(string user, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await _server.Http.PutAsync($"/v1/users/{user}/features/stored", content, TestContext.Current.CancellationToken);
        return (response.StatusCode, await Json.ReadAsync(response));
    }

    /// <summary>One server for all of them.</summary>
    public sealed class Running : IAsyncLifetime
    {
        private readonly TestDirectory _directory = new();
        private InProcessServer? _server;

        internal InProcessServer Server => _server!;

        public async ValueTask InitializeAsync()
        {
            var file = _directory.File("features.db");
            using (var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Pooling = false }.ConnectionString))
            {
                connection.Open();
                using var command = connection.CreateCommand();
                command.CommandText = "CREATE TABLE users (user_id, value REAL, name TEXT); WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 99) INSERT INTO users SELECT i, i, 'one' FROM n; INSERT INTO users VALUES ('a/b', 2, 'two')";
                command.ExecuteNonQuery();
            }

            _server = await ViewModel.StartAsync(_directory, [
                $"ConnectionString=Data Source={file}",
                "Sql=SELECT user_id, value, name FROM users WHERE user_id IN (SELECT value FROM json_each(@user_ids))",
                "Ttl=1.00:00:00",
                "Columns:name:Type=text"]);
        }

        public async ValueTask DisposeAsync()
        {
            if (_server is not null) await _server.DisposeAsync();
            _directory.Dispose();
        }
    }
}

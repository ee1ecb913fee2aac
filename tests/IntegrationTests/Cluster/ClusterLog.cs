using System.Globalization;
using System.Net;
using System.Text.Json;
using Sylvan.Data.Csv;

namespace IntegrationTests.Cluster;

/// <summary>The shared log as the export tells it, held against what was answered and against the windows.</summary>
internal sealed class ClusterLog
{
    private static readonly int[] Days = [1, 7, 30];

    private readonly Dictionary<string, Row[]> _byUser;

    private ClusterLog(IEnumerable<Row> rows) =>
        _byUser = rows.GroupBy(row => row.User).ToDictionary(user => user.Key, user => user.OrderBy(row => row.Sequence).ToArray());

    /// <summary>Reads the whole log of the fraud model, once more where the cluster is busy with what was done to it.</summary>
    public static async Task<ClusterLog> ReadAsync(HttpClient api)
    {
        try
        {
            return await ReadOnceAsync(api);
        }
        catch (HttpRequestException e) when (e.StatusCode is HttpStatusCode.GatewayTimeout)
        {
            return await ReadOnceAsync(api);
        }
    }

    private static async Task<ClusterLog> ReadOnceAsync(HttpClient api)
    {
        await using var body = await api.GetStreamAsync("/v1/models/fraud/export");
        await using var csv = await CsvDataReader.CreateAsync(new StreamReader(body));
        var rows = new List<Row>();
        while (await csv.ReadAsync())
        {
            string Text(string column) => csv.GetString(csv.GetOrdinal(column));
            double Number(string column) => double.Parse(Text(column), CultureInfo.InvariantCulture);
            rows.Add(new Row(
                Guid.Parse(Text("prediction_id")),
                Text("user_id"),
                (long)Number("sequence"),
                DateTimeOffset.Parse(Text("at"), CultureInfo.InvariantCulture),
                Number("request.amount"),
                [.. Days.Select(days => new Window((int)Number($"spending.count_{days}d"), Number($"spending.mean_{days}d")))]));
        }

        return new ClusterLog(rows);
    }

    /// <summary>Whether a prediction was recorded.</summary>
    public bool Contains(Guid id) => _byUser.Values.SelectMany(rows => rows).Any(row => row.Id == id);

    /// <summary>Nothing that was answered is missing, and no number of a user was given twice.</summary>
    public void AssertHolds(IEnumerable<ClusterRequest> requests)
    {
        var recorded = _byUser.Values.SelectMany(rows => rows).Select(row => row.Id).ToHashSet();
        Assert.DoesNotContain(requests, request => request.Id is { } id && !recorded.Contains(id));
        Assert.All(_byUser.Values, rows => Assert.Equal(rows.Select(row => row.Sequence).Distinct(), rows.Select(row => row.Sequence)));
    }

    /// <summary>Every record was made with the windows that the records before it make, and the users' windows now are those that all records make.</summary>
    public async Task AssertWindowsAsync(IEnumerable<string> users, IReadOnlyList<HttpClient> apis)
    {
        foreach (var user in users)
        {
            var rows = _byUser.GetValueOrDefault(user, []);
            for (var i = 0; i < rows.Length; i++) AssertWindows(rows[i], rows.Take(i + 1), rows[i].At, rows[i].Windows);
            if (rows.Length == 0) continue;
            var now = DateTimeOffset.UtcNow;
            AssertWindows(rows[^1], rows, now, await ReadWindowsAsync(user, apis[user.Length % apis.Count]));
        }
    }

    private static async Task<Window[]> ReadWindowsAsync(string user, HttpClient api)
    {
        // A question loads the windows of a user who has moved; it leaves no trace.
        using (var content = new StringContent($$"""{"user_id": "{{user}}", "raw_feature": "100"}""", System.Text.Encoding.UTF8, "application/json"))
        using (var asked = await api.PostAsync("/predict?record=false", content)) asked.EnsureSuccessStatusCode();
        using var state = JsonDocument.Parse(await api.GetStringAsync($"/v1/users/{user}"));
        var values = state.RootElement.GetProperty("features").GetProperty("spending").GetProperty("values");
        return [.. Days.Select(days => new Window(values.GetProperty($"count_{days}d").GetInt32(), values.GetProperty($"mean_{days}d").ValueKind is JsonValueKind.Number ? values.GetProperty($"mean_{days}d").GetDouble() : 0))];
    }

    // The export tells milliseconds: which of two events in one of them was first, it does not, so either may have been counted.
    private static void AssertWindows(Row row, IEnumerable<Row> upTo, DateTimeOffset at, Window[] actual)
    {
        for (var i = 0; i < Days.Length; i++)
        {
            var within = upTo.Where(one => one.At <= at && one.At > at.AddDays(-Days[i])).ToArray();
            var certain = within.Where(one => one.At < at || one == row).ToArray();
            var (count, sum, possible) = (certain.Length, certain.Sum(one => one.Amount), within.Length - certain.Length);
            var expected = new Window(count, count == 0 ? 0 : sum / count);
            var isExpected = possible == 0
                ? expected.Count == actual[i].Count && Math.Abs(expected.Mean - actual[i].Mean) < 1e-9
                : actual[i].Count >= count && actual[i].Count <= count + possible;
            Assert.True(isExpected, $"User {row.User} at number {row.Sequence}, {Days[i]} days before {at:O}: the log makes {expected} and {possible} of the same millisecond, but there was {actual[i]}.");
        }
    }

    private sealed record Row(Guid Id, string User, long Sequence, DateTimeOffset At, double Amount, Window[] Windows);

    private readonly record struct Window(int Count, double Mean);
}

using System.Globalization;
using Sylvan.Data.Csv;

namespace FraudDemo.Replay;

/// <summary>Compares what the server has recorded with what was published: counts exactly, means within 1e-6.</summary>
internal sealed class WindowCheck(HttpClient http, string model, string view)
{
    private const double Tolerance = 1e-6;
    private const int MostTold = 10;

    /// <summary>The differences, at most ten of them, and how many transactions have all features as published.</summary>
    public async Task<(int Equal, IReadOnlyList<string> Differences)> RunAsync(IReadOnlyList<PublishedTransaction> transactions, Guid[] ids, CancellationToken cancellationToken)
    {
        var rows = new Dictionary<Guid, PublishedTransaction>(transactions.Count);
        var differences = new List<string>();
        foreach (var transaction in transactions)
        {
            if (!rows.TryAdd(ids[transaction.Row], transaction)) differences.Add($"row {transaction.Row}: it has the prediction of row {rows[ids[transaction.Row]].Row}");
        }

        var equal = 0;
        await using var stream = await http.GetStreamAsync($"/v1/models/{model}/export?format=csv", cancellationToken);
        using var text = new StreamReader(stream);
        await using var csv = await CsvDataReader.CreateAsync(text, cancel: cancellationToken);
        var columns = PublishedTransaction.WindowNames.Select(name => csv.GetOrdinal($"{view}.{name}")).ToArray();
        var id = csv.GetOrdinal("prediction_id");
        while (await csv.ReadAsync(cancellationToken))
        {
            if (!rows.Remove(csv.GetGuid(id), out var transaction)) continue;
            if (Difference(transaction, csv, columns) is not { } difference) equal++;
            else if (differences.Count < MostTold) differences.Add(difference);
        }

        foreach (var missing in rows.Values.Take(MostTold - Math.Min(MostTold, differences.Count))) differences.Add($"row {missing.Row}: it was answered, and is not in the log");
        return (equal, differences);
    }

    private static string? Difference(PublishedTransaction transaction, CsvDataReader csv, int[] columns)
    {
        for (var i = 0; i < columns.Length; i++)
        {
            var (published, counted) = (transaction.Windows[i], csv.GetDouble(columns[i]));
            var allowed = PublishedTransaction.WindowNames[i].StartsWith("count", StringComparison.Ordinal) ? 0 : Tolerance * Math.Abs(published);
            if (!(Math.Abs(counted - published) <= allowed))
                return string.Create(CultureInfo.InvariantCulture, $"row {transaction.Row}, user {transaction.UserId}, {PublishedTransaction.WindowNames[i]}: {published} is published, {counted} was counted");
        }

        return null;
    }
}

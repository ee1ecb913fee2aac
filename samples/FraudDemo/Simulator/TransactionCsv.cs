using System.Globalization;

namespace FraudDemo;

/// <summary>The transactions as a CSV file, for training and notebooks.</summary>
public static class TransactionCsv
{
    /// <summary>Writes the file whole or not at all: it gets its name when it is complete.</summary>
    public static void Write(string path, IEnumerable<Transaction> transactions)
    {
        var unfinished = path + ".unfinished";
        try
        {
            using (var writer = new StreamWriter(unfinished) { NewLine = "\n" }) Write(writer, transactions);
            File.Move(unfinished, path, overwrite: true);
        }
        catch
        {
            File.Delete(unfinished);
            throw;
        }
    }

    /// <summary>Writes the header and one line per transaction; fraud is 0 or 1, the amount has two decimals.</summary>
    public static void Write(TextWriter writer, IEnumerable<Transaction> transactions)
    {
        writer.WriteLine("transaction_id,unix_seconds,user_id,terminal_id,amount,fraud,scenario");
        foreach (var (id, unixSeconds, user, terminal, amount, fraud, scenario) in transactions)
        {
            writer.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{id},{unixSeconds},{user},{terminal},{amount:F2},{(fraud ? 1 : 0)},{scenario}"));
        }
    }
}

using System.Globalization;
using OrleansInference.SideBySide.Load;

namespace OrleansInference.SideBySide.Setup;

/// <summary>One request of the comparison; the same bytes for every server.</summary>
internal readonly record struct Payment(int User, float Amount, DateTimeOffset At)
{
    public static readonly DateTimeOffset FirstDay = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static Payment Of(int number, int users)
    {
        var random = new Random(number);
        return new Payment(
            number % users,
            MathF.Round(random.NextSingle() * 200, 2),
            FirstDay.AddMinutes(random.Next(60 * 24 * 28)));
    }

    public string Body => string.Create(CultureInfo.InvariantCulture, $$"""{"user_id":"{{User}}","amount":{{Amount}},"at":"{{At:yyyy-MM-ddTHH:mm:ssZ}}"}""");

    /// <summary>The model's input for this request, as every server is to make it.</summary>
    public float[] Inputs(string model)
    {
        var user = UserFeatures.Of(User);
        if (model != BenchmarkModels.Fraud) return [Amount, .. user];
        var weekend = At.DayOfWeek is DayOfWeek.Saturday or DayOfWeek.Sunday;
        return [Amount, weekend ? 1 : 0, At.Hour <= 6 ? 1 : 0, .. user.AsSpan(0, 12)];
    }
}

internal static class Payments
{
    public static string Path(string model) => $"/v1/models/{model}/predict";

    /// <summary>Prepared requests of that many users.</summary>
    public static RequestCycle Cycle(string model, int users, int requests) =>
        new([.. Enumerable.Range(0, requests).Select(number => HttpExchange.Post(Path(model), Payment.Of(number, users).Body))]);
}

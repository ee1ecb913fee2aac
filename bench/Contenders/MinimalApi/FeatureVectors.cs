namespace MinimalApi;

/// <summary>The inputs of the models, in their order.</summary>
internal static class FeatureVectors
{
    private const int FraudFeatures = 12;

    public static float[] ForFraud(PredictRequest request, float[] user)
    {
        var at = request.At!.Value.UtcDateTime;
        var weekend = at.DayOfWeek is DayOfWeek.Saturday or DayOfWeek.Sunday;
        return [request.Amount, weekend ? 1 : 0, at.Hour <= 6 ? 1 : 0, .. user.AsSpan(0, FraudFeatures)];
    }

    public static float[] ForMlp(PredictRequest request, float[] user) => [request.Amount, .. user];

    public static float[] ForTutorial(PredictRequest request, float value)
    {
        var values = new float[32];
        Array.Fill(values, request.Amount);
        values[0] = value;
        return values;
    }
}

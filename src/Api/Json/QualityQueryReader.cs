using System.Globalization;

namespace OrleansInference.Api.Json;

/// <summary>Reads the query of a question for quality: <c>?version=2&amp;from=2026-04-01T00:00:00Z&amp;to=…&amp;threshold=0.5</c>.</summary>
internal static class QualityQueryReader
{
    /// <exception cref="InferenceException">InvalidInput; every fault at once.</exception>
    public static QualityQuery Read(string model, IQueryCollection query)
    {
        var faults = new List<FieldError>();
        var read = new QualityQuery { Model = model };
        foreach (var (name, values) in query)
        {
            var text = values.ToString();
            read = name switch
            {
                "version" when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var version) => read with { Version = version },
                "from" when IsoTime.TryRead(text, out var from) => read with { From = from },
                "to" when IsoTime.TryRead(text, out var to) => read with { To = to },
                "threshold" when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var threshold) && double.IsFinite(threshold) => read with { Threshold = threshold },
                _ => Refuse(read, faults, name, text),
            };
        }

        return faults.Count == 0 ? read : throw InferenceException.InvalidInput(faults);
    }

    private static QualityQuery Refuse(QualityQuery read, List<FieldError> faults, string name, string text)
    {
        var fault = name switch
        {
            "version" => "must be the number of a version, such as 2",
            "from" or "to" => "must be an ISO 8601 time such as 2026-04-01T00:00:00Z",
            "threshold" => "must be a finite number, such as 0.5",
            _ => "is no parameter of this; they are version, from, to and threshold",
        };
        faults.Add(new FieldError(FieldError.Quote(name), fault, ((RequestValue)text).ToDisplay()));
        return read;
    }
}

using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;

namespace FraudDemo.Replay;

/// <summary>Sends transactions to <c>predict-batch</c>.</summary>
internal sealed class PredictionSender(HttpClient http, string model, string userPrefix)
{
    private const int ServiceUnavailable = 503;

    /// <summary>Sends a batch; the id of each prediction, or null for what is to be sent again.</summary>
    /// <exception cref="InvalidOperationException">The server refuses what no repetition helps.</exception>
    public async Task<Guid?[]> SendAsync(IReadOnlyList<PublishedTransaction> batch, CancellationToken cancellationToken)
    {
        using var content = new ByteArrayContent(Write(batch));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        try
        {
            using var response = await http.PostAsync($"/v1/models/{model}/predict-batch", content, cancellationToken);
            var text = await response.Content.ReadAsByteArrayAsync(cancellationToken);
            if (response.StatusCode is HttpStatusCode.OK) return Read(text, batch);
            return (int)response.StatusCode >= ServiceUnavailable
                ? new Guid?[batch.Count]
                : throw new InvalidOperationException($"The server answered {(int)response.StatusCode}: {System.Text.Encoding.UTF8.GetString(text)}");
        }
        catch (Exception e) when (e is HttpRequestException or IOException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return new Guid?[batch.Count];
        }
    }

    private byte[] Write(IReadOnlyList<PublishedTransaction> batch)
    {
        using var body = new MemoryStream(64 + (batch.Count * 96));
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteStartArray("instances");
            foreach (var one in batch)
            {
                json.WriteStartObject();
                json.WriteString("user_id", userPrefix + one.UserId);
                json.WriteNumber("request_id", one.Row);
                json.WriteNumber("amount", one.Amount);
                json.WriteNumber("at", one.At);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return body.ToArray();
    }

    private static Guid?[] Read(byte[] text, IReadOnlyList<PublishedTransaction> batch)
    {
        using var document = JsonDocument.Parse(text);
        return [.. document.RootElement.GetProperty("predictions").EnumerateArray().Select((answer, i) => Read(answer, batch[i]))];
    }

    private static Guid? Read(JsonElement answer, PublishedTransaction transaction)
    {
        if (!answer.TryGetProperty("error", out var error)) return answer.GetProperty("prediction_id").GetGuid();
        var status = error.GetProperty("status").GetInt32();
        return status is 429 or >= ServiceUnavailable
            ? null
            : throw new InvalidOperationException($"The server refuses row {transaction.Row} ({status}): {error.GetProperty("detail").GetString()}");
    }
}

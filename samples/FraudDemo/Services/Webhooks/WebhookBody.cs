using System.Text.Json;
using System.Text.Unicode;

namespace FraudDemo;

/// <summary>Reads a body that can be stored and shown again.</summary>
internal static class WebhookBody
{
    /// <summary>The JSON of a body, or null when it is none.</summary>
    /// <exception cref="BadHttpRequestException">It is too large, or broke off.</exception>
    public static async Task<JsonElement?> ReadAsync(Stream body, CancellationToken cancellationToken)
    {
        using var buffer = new MemoryStream();
        await body.CopyToAsync(buffer, cancellationToken);
        return Parse(buffer.GetBuffer().AsMemory(0, (int)buffer.Length));
    }

    private static JsonElement? Parse(ReadOnlyMemory<byte> json)
    {
        if (!Utf8.IsValid(json.Span)) return null; // Nor does the parser look inside strings.
        try
        {
            using var document = JsonDocument.Parse(json);

            // The parser lets a lone surrogate such as "\ud800" pass, which no writer can repeat: find out now, not in every list.
            _ = JsonSerializer.SerializeToUtf8Bytes(document.RootElement);
            return document.RootElement.Clone();
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or ArgumentException)
        {
            return null;
        }
    }
}

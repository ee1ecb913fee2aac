using System.Net;
using System.Text.Json;

namespace IntegrationTests.Infrastructure;

/// <summary>A refusal as a caller sees it: RFC 9457 with the program's code and its faulty fields.</summary>
internal sealed record Problem(HttpStatusCode Status, string Code, string Detail, IReadOnlyList<Problem.Fault> Errors)
{
    /// <summary>Reads a refusal; an answer in any other form fails the test.</summary>
    public static async Task<Problem> ReadAsync(HttpResponseMessage response)
    {
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(response.Content.Headers.ContentType?.MediaType is "application/problem+json", $"{(int)response.StatusCode} {response.Content.Headers.ContentType}: {text}");

        var body = JsonDocument.Parse(text).RootElement;
        Assert.Equal((int)response.StatusCode, body.GetProperty("status").GetInt32());
        return new Problem(
            response.StatusCode,
            body.GetProperty("code").GetString()!,
            body.GetProperty("detail").GetString()!,
            body.TryGetProperty("errors", out var errors) ? [.. errors.EnumerateArray().Select(ReadFault)] : []);
    }

    private static Fault ReadFault(JsonElement error) =>
        new(error.GetProperty("field").GetString()!, error.GetProperty("message").GetString()!, error.GetProperty("value").GetString());

    /// <summary>One entry of <c>errors</c>.</summary>
    internal sealed record Fault(string Field, string Message, string? Value);
}

using System.Text;
using FraudDemo;
using Xunit;

namespace OrleansInference.UnitTests.Demo;

public sealed class WebhookBodyTests
{
    [Theory]
    [InlineData("""{"a": [1, "ü"]}""")]
    [InlineData("5")]
    [InlineData("null")]
    public async Task ReadAsync_Json_IsKeptAsItCame(string json)
        => Assert.Equal(json, (await ReadAsync(Encoding.UTF8.GetBytes(json)))?.GetRawText());

    [Theory]
    [InlineData("")]
    [InlineData("no")]
    [InlineData("{} {}")]
    [InlineData("""{"a": "\ud800"}""")]
    [InlineData("""{"\ud800": 1}""")]
    public async Task ReadAsync_NotJsonOrNotRepeatable_IsNull(string json) => Assert.Null(await ReadAsync(Encoding.UTF8.GetBytes(json)));

    [Fact]
    public async Task ReadAsync_NotUtf8_IsNull() => Assert.Null(await ReadAsync([(byte)'"', 0xFF, (byte)'"']));

    private static Task<System.Text.Json.JsonElement?> ReadAsync(byte[] body)
        => WebhookBody.ReadAsync(new MemoryStream(body), TestContext.Current.CancellationToken);
}

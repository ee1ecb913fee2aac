using System.Text;
using OrleansInference.Grains;
using OrleansInference.Grains.PostProcessing.Outbox;

namespace UnitTests.Grains.PostProcessing.Outbox;

/// <summary>Standard Webhooks, symmetric signatures.</summary>
public sealed class WebhookSignatureTests
{
    private static readonly DateTimeOffset Sent = DateTimeOffset.FromUnixTimeSeconds(1614265330);

    // The scheme's published vector, which its reference libraries test themselves against.
    [Fact]
    public void AddTo_PublishedVector_IsItsSignature()
    {
        using var request = Sign("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", """{"test": 2432232314}""");

        Assert.Equal("msg_p5jXN8AQM9LWM0D4loKWxJek", Assert.Single(request.Headers.GetValues("webhook-id")));
        Assert.Equal("1614265330", Assert.Single(request.Headers.GetValues("webhook-timestamp")));
        Assert.Equal("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", Assert.Single(request.Headers.GetValues("webhook-signature")));
    }

    [Fact]
    public void AddTo_PlainSecret_IsItsUtf8Bytes()
    {
        using var plain = Sign("schlüssel", "a", "{}");
        using var encoded = Sign($"whsec_{Convert.ToBase64String(Encoding.UTF8.GetBytes("schlüssel"))}", "a", "{}");

        Assert.Equal(SignatureOf(encoded), SignatureOf(plain));
    }

    [Theory]
    [InlineData("a", "{}", false)]
    [InlineData("b", "{}", true)]
    [InlineData("a", "{ }", true)]
    public void AddTo_IdOrBodyChanged_SignsOtherwise(string id, string body, bool differs)
    {
        using var first = Sign("key", "a", "{}");
        using var second = Sign("key", id, body);

        Assert.Equal(differs, SignatureOf(first) != SignatureOf(second));
    }

    [Theory]
    [InlineData("whsec_not base64!")]
    [InlineData("whsec_")]
    [InlineData("")]
    public void Targets_SecretIsNoKey_NamesTheSettingAndNotTheSecret(string secret)
    {
        var fault = Assert.Throws<InferenceStartupException>(
            () => new WebhookTargets(new Dictionary<string, WebhookOptions> { ["desk"] = new() { Url = "http://desk", Secret = secret } }));

        Assert.StartsWith("Inference:Webhooks:desk:Secret is no key.", fault.Message, StringComparison.Ordinal);
        if (secret.Length > 6) Assert.DoesNotContain(secret, fault.ToString(), StringComparison.Ordinal);
    }

    private static HttpRequestMessage Sign(string secret, string id, string body)
    {
        var request = new HttpRequestMessage();
        new WebhookSignature(secret).AddTo(request, id, Sent, Encoding.UTF8.GetBytes(body));
        return request;
    }

    private static string SignatureOf(HttpRequestMessage request) => request.Headers.GetValues("webhook-signature").Single();
}

using System.Net;
using IntegrationTests.Infrastructure;

namespace IntegrationTests;

/// <summary>What load balancers ask.</summary>
public sealed class HealthTests(DemoServer demo)
{
    [Theory]
    [InlineData("/health/live", "live")]
    [InlineData("/health/ready", "ready")]
    public async Task Health_ServerIsUp_SaysSo(string path, string status)
    {
        var body = await demo.Server.Http.GetJsonAsync(path);

        Assert.Equal(status, body.GetProperty("status").GetString());
    }

    [Theory]
    [InlineData("/health/live")]
    [InlineData("/health/ready")]
    [InlineData("/v2/health/live")]
    [InlineData("/v2/health/ready")]
    [InlineData("/v2/models/fraud/ready")]
    [InlineData("/v2/models/fraud/versions/2/ready")]
    public async Task Health_AskedByHead_AnswersTheStatusAlone(string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Head, path);
        using var response = await demo.Server.Http.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal((HttpStatusCode.OK, "application/json"), (response.StatusCode, response.Content.Headers.ContentType?.MediaType));
        Assert.Empty(await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Health_OtherMethod_Answers405()
    {
        using var response = await demo.Server.Http.PostAsync("/health/live", content: null, TestContext.Current.CancellationToken);

        var problem = await Problem.ReadAsync(response);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, problem.Status);
        Assert.Equal("/health/live does not take POST. Send GET, HEAD.", problem.Detail);
    }
}

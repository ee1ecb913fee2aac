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

    [Fact]
    public async Task Health_OtherMethod_Answers405()
    {
        using var response = await demo.Server.Http.PostAsync("/health/live", content: null, TestContext.Current.CancellationToken);

        var problem = await Problem.ReadAsync(response);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, problem.Status);
        Assert.Equal("/health/live does not take POST. Send GET.", problem.Detail);
    }
}

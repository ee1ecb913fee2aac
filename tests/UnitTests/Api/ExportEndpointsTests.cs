using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OrleansInference;
using OrleansInference.Api;
using OrleansInference.Api.Export;

namespace UnitTests.Api;

/// <summary>An export that fails is seen to have failed, over a real connection.</summary>
public sealed class ExportEndpointsTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("csv", 0)]
    [InlineData("csv", 1)]
    [InlineData("csv", ExportEndpoints.PartSize - 1)]
    [InlineData("parquet", 0)]
    [InlineData("parquet", 1)]
    [InlineData("parquet", ExportEndpoints.PartSize - 1)]
    public async Task Export_FailureInTheFirstPart_IsAPlainProblem(string format, int rows)
    {
        await using var app = await StartAsync(FailAfter(rows));
        using var http = new HttpClient();

        using var response = await http.GetAsync(Address(app, format), Cancellation);

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "application/problem+json"), (response.StatusCode, response.Content.Headers.ContentType?.MediaType));
        Assert.Null(response.Content.Headers.ContentDisposition);
        using var problem = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(Cancellation));
        Assert.Equal("The log is away.", problem.RootElement.GetProperty("detail").GetString());
    }

    [Theory]
    [InlineData("csv", ExportEndpoints.PartSize)]
    [InlineData("csv", ExportEndpoints.PartSize + 1)]
    [InlineData("parquet", ExportEndpoints.PartSize)]
    [InlineData("parquet", ExportEndpoints.PartSize + 1)]
    public async Task Export_FailureInALaterPart_BreaksTheConnectionOff(string format, int rows)
    {
        await using var app = await StartAsync(FailAfter(rows));
        using var http = new HttpClient();

        await Assert.ThrowsAsync<HttpRequestException>(() => http.GetByteArrayAsync(Address(app, format), Cancellation));
    }

    [Theory]
    [InlineData("from=01/04/2026", "from", "\"01/04/2026\"")]
    [InlineData("to=12:00", "to", "\"12:00\"")]
    public async Task Export_TimeIsNotIso8601_IsRefused(string query, string field, string value)
    {
        await using var app = await StartAsync(FailAfter(0));
        using var http = new HttpClient();

        using var response = await http.GetAsync($"{Address(app, "csv")}&{query}", Cancellation);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, response.StatusCode);
        using var problem = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(Cancellation));
        var fault = Assert.Single(problem.RootElement.GetProperty("errors").EnumerateArray());
        Assert.Equal((field, value), (fault.GetProperty("field").GetString(), fault.GetProperty("value").GetString()));
    }

    private static async Task<WebApplication> StartAsync(IAsyncEnumerable<RecordedPrediction> exported)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddProblemDetails();
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<IInferenceClient>(new FakeInferenceClient { Exported = exported });
        var app = builder.Build();
        app.UseMiddleware<ErrorMiddleware>();
        app.MapExport();
        await app.StartAsync(Cancellation);
        return app;
    }

    private static Uri Address(WebApplication app, string format) => new($"{app.Urls.First()}/v1/models/fraud/export?format={format}");

    private static async IAsyncEnumerable<RecordedPrediction> FailAfter(int rows)
    {
        for (var i = 0; i < rows; i++) yield return Prediction(i);
        await Task.Yield();
        throw new InferenceException(InferenceErrorCode.StorageUnavailable, "The log is away.");
    }

    private static RecordedPrediction Prediction(int sequence) => new()
    {
        PredictionId = Guid.CreateVersion7(),
        UserId = "42",
        Sequence = sequence,
        Model = "fraud",
        ModelVersion = 1,
        CreatedAt = DateTimeOffset.UnixEpoch,
        Value = 0.5,
        Info = "",
        Degraded = false,
        Features = [new UsedFeature("request.amount", 7.0, TimeSpan.Zero, "request")],
    };
}

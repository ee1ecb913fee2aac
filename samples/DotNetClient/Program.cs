// Predicts from another process: start the service with a gateway, then run this.
//
//   dotnet run --project src/Api -- --Inference:Silo:GatewayPort=30000
//   dotnet run --project samples/DotNetClient -- --gateway 30000 --user 42 --terminal 3156 --amount 57.20 --at 2026-04-01T12:30:00Z
//
// Of a cluster (Inference:Mode=Cluster), name its Redis in place of a gateway: --redis HOST:6379
// --model NAME asks another model than the default one.
using System.Globalization;
using System.Net;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using OrleansInference;

var builder = Host.CreateApplicationBuilder(args);
builder.Logging.SetMinimumLevel(LogLevel.Warning);
var gateway = new IPEndPoint(IPAddress.Loopback, builder.Configuration.GetValue("gateway", 30000));
var redis = builder.Configuration["redis"];
builder.UseOrleansClient(client =>
{
    if (redis is null) client.UseStaticClustering(gateway);
    else client.UseRedisClustering(redis);
    client.Configure<ClusterOptions>(options =>
    {
        options.ServiceId = "orleans-inference";
        options.ClusterId = redis is null ? "embedded" : "inference";
    });
});
builder.Services.AddInferenceClient();

using var host = builder.Build();
await host.StartAsync();
var client = host.Services.GetRequiredService<IInferenceClient>();
try
{
    var prediction = await client.PredictAsync(new PredictionRequest
    {
        UserId = builder.Configuration["user"] ?? "42",
        Model = builder.Configuration["model"],
        Fields = [new("raw_feature", builder.Configuration["terminal"] ?? "3156"), .. Amount(builder.Configuration["amount"]), .. At(builder.Configuration["at"])],
    });
    Console.WriteLine($"prediction {prediction.Value:R} by {prediction.Model}/{prediction.ModelVersion}, {prediction.Info}, id {prediction.PredictionId}");
    return 0;
}
catch (InferenceException e)
{
    Console.Error.WriteLine($"{e.Code}: {e.Message}");
    foreach (var field in e.Fields) Console.Error.WriteLine($"  {field.Field}: {field.Message} (sent: {field.Value ?? "nothing"})");
    return 1;
}
finally
{
    await host.StopAsync();
}

static RequestField[] Amount(string? amount) =>
    amount is null ? [] : [new RequestField("amount", double.Parse(amount, CultureInfo.InvariantCulture))];

static RequestField[] At(string? at) => at is null ? [] : [new RequestField("at", at)];

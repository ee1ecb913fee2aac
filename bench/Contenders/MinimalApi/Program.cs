using System.Text.Json;
using MinimalApi;

// Settings: Models (folder of .onnx files), Threads (of one run), Features (JSON: user -> values), Log (SQLite file; nothing is logged without it),
// Delays (address of the tutorial's slow services).
var builder = WebApplication.CreateBuilder(args);
builder.Logging.SetMinimumLevel(LogLevel.Warning);
builder.Services.ConfigureHttpJsonOptions(options => options.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower);
builder.Services.AddHttpClient<SlowServices>(client => client.BaseAddress = new Uri(builder.Configuration["Delays"] ?? "http://127.0.0.1:1"));

var threads = builder.Configuration.GetValue<int>("Threads");
var models = Directory.EnumerateFiles(builder.Configuration["Models"]!, "*.onnx").ToDictionary(file => Path.GetFileNameWithoutExtension(file), file => new Model(file, threads));
var features = JsonSerializer.Deserialize<Dictionary<string, float[]>>(File.ReadAllBytes(builder.Configuration["Features"]!))!;
var log = builder.Configuration["Log"] is { Length: > 0 } path ? new PredictionTable(path) : null;

var app = builder.Build();
app.MapGet("/health/live", () => Results.Text("Healthy"));

app.MapPost("/v1/models/fraud/predict", (PredictRequest request) =>
    Predict("fraud", request, FeatureVectors.ForFraud(request, features[request.UserId])));
app.MapPost("/v1/models/mlp-256/predict", (PredictRequest request) =>
    Predict("mlp-256", request, FeatureVectors.ForMlp(request, features[request.UserId])));
app.MapPost("/v1/models/mlp-1024/predict", (PredictRequest request) =>
    Predict("mlp-1024", request, FeatureVectors.ForMlp(request, features[request.UserId])));

app.MapPost("/v1/models/tutorial/predict", async (PredictRequest request, SlowServices services) =>
{
    var (value, _) = await services.AskAsync(request.RawFeature!);
    return Predict("tutorial", request, FeatureVectors.ForTutorial(request, value));
});

app.Run();

PredictResponse Predict(string model, PredictRequest request, float[] values)
{
    var response = new PredictResponse(request.UserId, models[model].Run(values), model, Guid.CreateVersion7());
    log?.Insert(request, values, response);
    return response;
}

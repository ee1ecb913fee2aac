using System.Text.Json.Nodes;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using OrleansInference.Api.Endpoints;

namespace OrleansInference.Api;

/// <summary>What the OpenAPI document says beyond the types.</summary>
internal static class ApiDocument
{
    private const string Example = """{"user_id": 42, "raw_feature": "3156"}""";

    public static void Configure(OpenApiOptions options)
    {
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info.Title = "OrleansInference";
            document.Info.Version = "v1";
            document.Info.Description = "Online machine-learning inference that knows each user.";
            return Task.CompletedTask;
        });
        options.AddSchemaTransformer((schema, context, _) =>
        {
            if (context.JsonTypeInfo.Type == typeof(PredictBody)) schema.Examples = [JsonNode.Parse(Example)!];
            return Task.CompletedTask;
        });
    }
}

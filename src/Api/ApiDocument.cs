using System.Text.Json.Nodes;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using OrleansInference.Api.Endpoints;
using Scalar.AspNetCore;

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
            if (context.JsonTypeInfo.Type == typeof(PredictBody)) DescribeBody(schema);
            return Task.CompletedTask;
        });
    }

    /// <summary>The page works without a network and sends nothing to anybody else.</summary>
    public static void ConfigurePage(ScalarOptions options) => options
        .WithTitle("OrleansInference")
        .DisableDefaultFonts()
        .DisableTelemetry()
        .DisableAgent()
        .DisableMcp()
        .HideClientButton()
        .HideDeveloperTools();

    // What the types cannot say: fields of more than one JSON type.
    private static void DescribeBody(OpenApiSchema schema)
    {
        schema.Examples = [JsonNode.Parse(Example)!];
        schema.Properties!["user_id"] = new OpenApiSchema
        {
            Type = JsonSchemaType.Integer | JsonSchemaType.String,
            MinLength = 1,
            MaxLength = UserKey.MaxLength,
            Description = "The user: an integer, or a string of 1 to 128 characters. 42 and \"42\" are one user.",
        };
        schema.Properties["at"] = new OpenApiSchema
        {
            Type = JsonSchemaType.Null | JsonSchemaType.Number | JsonSchemaType.String,
            Description = "In the fraud demo: the time, ISO 8601 (UTC unless it names an offset) or Unix seconds. Default: now.",
        };
    }
}

using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace OrleansInference.Api.OpenInference.Rest;

/// <summary>Which entries of the index are wanted; <see cref="RepositoryBodyReader"/> reads it.</summary>
internal sealed record IndexRequestBody([property: JsonPropertyName("ready"), Description("Only those that serve. Default: false.")] bool Ready = false);

/// <summary>One version of a model.</summary>
internal sealed record IndexEntryBody(
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("version"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Version,
    [property: JsonPropertyName("state"), Description("READY, LOADING, UNLOADING or UNAVAILABLE.")] string State,
    [property: JsonPropertyName("reason"), Description("Why it does not serve; empty when it does.")] string Reason);

/// <summary>What to load or unload with; <see cref="RepositoryBodyReader"/> reads it.</summary>
internal sealed record ChangeRequestBody(
    [property: JsonPropertyName("parameters"), Description("Accepted and ignored, such as unload_dependents; config and file:… are refused.")] IReadOnlyDictionary<string, JsonElement>? Parameters = null);

/// <summary>What came of it.</summary>
internal sealed record ChangeBody(
    [property: JsonPropertyName("epoch"), Description("The number of the change.")] long Epoch,
    [property: JsonPropertyName("lagging_silos"), Description("The silos that do not serve accordingly yet.")] IReadOnlyList<LaggingSiloBody> LaggingSilos,
    [property: JsonPropertyName("error"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), Description("Told where silos lag.")] string? Error = null);

/// <summary>A silo that does not serve accordingly yet.</summary>
internal sealed record LaggingSiloBody(
    [property: JsonPropertyName("silo")] string Silo,
    [property: JsonPropertyName("reason")] string Reason);

using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace OrleansInference.Api.OpenInference.Rest;

/// <summary>A failure, whatever its status.</summary>
internal sealed record ErrorBody([property: JsonPropertyName("error"), Description("What happened and what to do.")] string Error);

/// <summary>Whether the process runs.</summary>
internal sealed record LiveBody([property: JsonPropertyName("live")] bool Live);

/// <summary>Whether all models that load at the start serve.</summary>
internal sealed record ReadyBody(
    [property: JsonPropertyName("ready")] bool Ready,
    [property: JsonPropertyName("error"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), Description("Why not.")] string? Error = null);

/// <summary>Whether a version of a model serves.</summary>
internal sealed record ModelReadyBody(
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("ready")] bool Ready,
    [property: JsonPropertyName("error"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), Description("Why not.")] string? Error = null);

/// <summary>The server and what it serves beyond the protocol's core.</summary>
internal sealed record ServerBody(
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("version")] string Version,
    [property: JsonPropertyName("extensions")] IReadOnlyList<string> Extensions);

/// <summary>The names of the models that serve or can be loaded.</summary>
internal sealed record ModelListBody([property: JsonPropertyName("models")] IReadOnlyList<string> Models);

/// <summary>A model and the tensors of one version.</summary>
internal sealed record ModelBody(
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("versions"), Description("The versions that serve, ascending.")] IReadOnlyList<string> Versions,
    [property: JsonPropertyName("platform")] string Platform,
    [property: JsonPropertyName("inputs")] IReadOnlyList<TensorBody> Inputs,
    [property: JsonPropertyName("outputs")] IReadOnlyList<TensorBody> Outputs);

/// <summary>An input or output of a model.</summary>
internal sealed record TensorBody(
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("datatype")] string Datatype,
    [property: JsonPropertyName("shape"), Description("The dimensions, the first being the batch; -1 is any size.")] IReadOnlyList<long> Shape);

/// <summary>An inference request, as documented here; <see cref="InferJsonReader"/> reads it.</summary>
internal sealed record InferRequestBody(
    [property: JsonPropertyName("inputs"), JsonRequired] IReadOnlyList<InferInputBody> Inputs,
    [property: JsonPropertyName("id"), Description("Echoed in the answer.")] string? Id = null,
    [property: JsonPropertyName("parameters"), Description("priority (0 and 1 interactive, above bulk), timeout (microseconds), routing_key (string), bypass_cache (bool), binary_data_output (bool); others are ignored.")] IReadOnlyDictionary<string, JsonElement>? Parameters = null,
    [property: JsonPropertyName("outputs"), Description("The outputs to answer, in this order. Default: all, in the model's order.")] IReadOnlyList<InferRequestedOutputBody>? Outputs = null);

/// <summary>An input tensor.</summary>
internal sealed record InferInputBody(
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("shape"), Description("The real dimensions, the first being the batch.")] IReadOnlyList<long> Shape,
    [property: JsonPropertyName("datatype"), Description("BOOL, UINT8 to UINT64, INT8 to INT64, FP16, BF16, FP32, FP64 or BYTES (strings).")] string Datatype,
    [property: JsonPropertyName("data"), Description("The elements in row-major order, flat or nested as the shape says; left out where parameters hold binary_data_size.")] IReadOnlyList<JsonElement>? Data = null,
    [property: JsonPropertyName("parameters"), Description("binary_data_size: the tensor's bytes behind the JSON.")] IReadOnlyDictionary<string, JsonElement>? Parameters = null);

/// <summary>An output asked for.</summary>
internal sealed record InferRequestedOutputBody(
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("parameters"), Description("binary_data (bool): as bytes behind the JSON.")] IReadOnlyDictionary<string, JsonElement>? Parameters = null);

/// <summary>An answer.</summary>
internal sealed record InferResponseBody(
    [property: JsonPropertyName("model_name")] string ModelName,
    [property: JsonPropertyName("model_version"), Description("The version that ran.")] string ModelVersion,
    [property: JsonPropertyName("outputs")] IReadOnlyList<InferOutputBody> Outputs,
    [property: JsonPropertyName("id"), Description("The request's own, where it had one.")] string? Id = null);

/// <summary>An output tensor.</summary>
internal sealed record InferOutputBody(
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("datatype")] string Datatype,
    [property: JsonPropertyName("shape")] IReadOnlyList<long> Shape,
    [property: JsonPropertyName("data"), Description("The elements, flat, in row-major order. What is no number is \"NaN\", \"Infinity\" or \"-Infinity\".")] IReadOnlyList<JsonElement>? Data = null,
    [property: JsonPropertyName("parameters"), Description("binary_data_size, for an output whose bytes stand behind the JSON.")] IReadOnlyDictionary<string, JsonElement>? Parameters = null);

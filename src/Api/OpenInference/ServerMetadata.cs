namespace OrleansInference.Api.OpenInference;

/// <summary>What the server says of itself over REST and gRPC.</summary>
internal static class ServerMetadata
{
    public const string Name = "OrleansInference";

    /// <summary>What is served beyond the protocol's core, by the names that clients know.</summary>
    public static readonly IReadOnlyList<string> RestExtensions =
        ["binary_tensor_data", "model_repository", "schedule_policy", "model_configuration", "statistics", "parameters"];

    /// <summary>The same of gRPC, whose tensors are binary anyway.</summary>
    public static readonly IReadOnlyList<string> GrpcExtensions =
        ["model_repository", "schedule_policy", "model_configuration", "statistics", "parameters"];

    public static string Version { get; } = typeof(ServerMetadata).Assembly.GetName().Version!.ToString(3);
}

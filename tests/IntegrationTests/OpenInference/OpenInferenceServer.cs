using IntegrationTests.Infrastructure;
using IntegrationTests.OpenInference;

[assembly: AssemblyFixture(typeof(OpenInferenceServer))]

namespace IntegrationTests.OpenInference;

/// <summary>One running program with the tests' models, shared by all tests that only ask it questions.</summary>
public sealed class OpenInferenceServer : IAsyncLifetime
{
    /// <summary>Largest body that it takes, in bytes.</summary>
    public const int MaxBodyBytes = 1024 * 1024;

    private static readonly string[] Models =
    [
        "identity", "identity-bool", "identity-bytes", "identity-fp16", "identity-bf16", "identity-fp32", "identity-fp64",
        "identity-int8", "identity-int16", "identity-int32", "identity-int64", "identity-uint8", "identity-uint16", "identity-uint32", "identity-uint64",
        "several", "variable", "vector", "scalar", "no-batch", "nan", "versioned", "slow",
    ];

    private InProcessServer? _server;

    internal InProcessServer Server => _server!;

    internal HttpClient Http => Server.Http;

    public async ValueTask InitializeAsync()
    {
        var directory = new TestDirectory();
        var models = directory.CopyModels(Repository.TestModels, Models);
        _server = await InProcessServer.StartAsync(directory, [$"Inference:ModelRepository:Path={models}", $"Inference:OpenInference:MaxBodyBytes={MaxBodyBytes}"]);
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null) await _server.DisposeAsync();
    }
}

using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using Azure.Data.Tables;
using IntegrationTests.Infrastructure;
using Microsoft.AspNetCore.Http;

namespace IntegrationTests.Storage.Azure;

/// <summary>
/// The program signs in with a managed identity and no key: to a real Azurite over https, with tokens that it asks for where App Service
/// (<c>IDENTITY_ENDPOINT</c>) would have them. Azurite looks at a token's audience, issuer and times, and not at its signature.
/// </summary>
public sealed class ManagedIdentityTests : IAsyncLifetime
{
    private const string Header = "header-not-for-logs-0b7a";
    private const string ClientId = "2a5e0dcb-8dd8-4b3a-9d76-0f3b7a1f4c11";

    private readonly TestDirectory _directory = new();
    private readonly LoopbackCertificate _certificate = new();
    private readonly List<string?> _askedFor = [];
    private AzuriteServer _azurite = null!;
    private TestHttpService _identities = null!;
    private string _token = "";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _azurite = await AzuriteServer.StartNewAsync(_certificate);
        _identities = await TestHttpService.StartAsync(AnswerAsync);
        _token = Token(DateTimeOffset.UtcNow);
    }

    public async ValueTask DisposeAsync()
    {
        await _identities.DisposeAsync();
        await _azurite.DisposeAsync();
        _certificate.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public async Task Push_GrainStateInATable_IsKeptThereWithTheIdentityOfTheService()
    {
        await using var server = await StartAsync("AzureTable", $"Inference:GrainState:ServiceUri={_azurite.Addresses.Tables}", "Inference:GrainState:TableName=state");

        await PushAsync(server);

        Assert.Contains("pushed", await _azurite.Tables.GetTableClient("state").QueryAsync<TableEntity>(cancellationToken: Cancellation).Select(row => row.RowKey).ToArrayAsync(Cancellation));
        AssertNothingSecret(server, askedFor: null);
    }

    [Fact]
    public async Task Serve_GrainStateAndModelsInBlobs_UseTheIdentityOfTheirSettings()
    {
        var models = _azurite.Blobs.GetBlobContainerClient("models");
        await models.CreateAsync(cancellationToken: Cancellation);
        foreach (var file in Directory.EnumerateFiles(WriteModel(), "*", SearchOption.AllDirectories))
            await models.GetBlobClient(Path.GetRelativePath(_directory.File("models"), file)).UploadAsync(file, Cancellation);
        Directory.Delete(_directory.File("models"), recursive: true);

        await using var server = await StartAsync(
            "AzureBlob", $"Inference:GrainState:ServiceUri={_azurite.Addresses.Blobs}", "Inference:GrainState:ContainerName=state", $"Inference:GrainState:ManagedIdentityClientId={ClientId}",
            $"Inference:ModelRepository:Blob:ServiceUri={_azurite.Addresses.Blobs}", "Inference:ModelRepository:Blob:Container=models", $"Inference:ModelRepository:Blob:ManagedIdentityClientId={ClientId}");

        await PushAsync(server);

        Assert.NotEmpty(await _azurite.Blobs.GetBlobContainerClient("state").GetBlobsAsync(cancellationToken: Cancellation).ToArrayAsync(Cancellation));
        AssertNothingSecret(server, ClientId);
    }

    private Task<ServerProcess> StartAsync(string provider, params string[] settings)
    {
        var environment = new Dictionary<string, string>
        {
            ["IDENTITY_ENDPOINT"] = $"{_identities.Address}/token",
            ["IDENTITY_HEADER"] = Header,
            ["SSL_CERT_FILE"] = _certificate.File,
        };
        string[] models = settings.Any(setting => setting.StartsWith("Inference:ModelRepository:", StringComparison.Ordinal)) ? [] : [$"--Inference:ModelRepository:Path={Path.GetDirectoryName(WriteModel())}"];
        return ServerProcess.StartApiWithAsync(
            environment,
            [
                $"--Inference:DataDirectory={_directory.File("data")}", .. models, $"--Inference:GrainState:Provider={provider}", "--Inference:FeatureViews:given:Kind=Push",
                "--Inference:FeatureViews:given:Columns:value:Default=-2", "--Logging:LogLevel:Default=Trace",
                "--Inference:GrainState:AttemptTimeout=00:01:00", "--Inference:GrainState:StartTimeout=00:01:00", .. settings.Select(setting => $"--{setting}"),
            ]);
    }

    private string WriteModel()
    {
        var model = Path.Combine(_directory.CopyModels(Repository.TestModels, "identity"), "identity");
        File.WriteAllText(
            Path.Combine(model, "model.json"),
            """
            {
              "predict": {
                "request": { "extra": { "type": "number", "default": 0 } },
                "features": [ "given" ],
                "inputs": { "x": [ "given.value", "given.value", "given.value", "given.value" ] },
                "response": { "prediction": { "output": "y" } },
                "deadline": "00:00:20"
              }
            }
            """);
        return model;
    }

    private static async Task PushAsync(ServerProcess server)
    {
        using var content = new StringContent("""{ "values": { "value": 70 } }""", Encoding.UTF8, "application/json");
        using var response = await server.Http.PutAsync("/v1/users/7/features/given", content, Cancellation);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(Cancellation));
    }

    private void AssertNothingSecret(ServerProcess server, string? askedFor)
    {
        Assert.NotEmpty(_askedFor);
        Assert.All(_askedFor, id => Assert.Equal(askedFor, id));
        Assert.DoesNotContain(_token, server.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(Header, server.Output, StringComparison.Ordinal);
    }

    // https://learn.microsoft.com/azure/app-service/overview-managed-identity, "REST endpoint reference"
    private async Task AnswerAsync(HttpContext context)
    {
        if (context.Request.Headers["X-IDENTITY-HEADER"] != Header)
        {
            context.Response.StatusCode = (int)HttpStatusCode.Unauthorized;
            return;
        }

        lock (_askedFor) _askedFor.Add(context.Request.Query["client_id"].FirstOrDefault());
        await context.Response.WriteAsJsonAsync(new Dictionary<string, string>
        {
            ["access_token"] = _token,
            ["expires_on"] = DateTimeOffset.UtcNow.AddHours(1).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
            ["resource"] = context.Request.Query["resource"].ToString(),
            ["token_type"] = "Bearer",
        });
    }

    private static string Token(DateTimeOffset now)
    {
        var claims = new Dictionary<string, object>
        {
            ["aud"] = "https://storage.azure.com",
            ["iss"] = "https://sts.windows.net/ab1f708d-50f6-404c-a006-d71b2ac7a606/",
            ["iat"] = now.ToUnixTimeSeconds(),
            ["nbf"] = now.AddMinutes(-1).ToUnixTimeSeconds(),
            ["exp"] = now.AddHours(1).ToUnixTimeSeconds(),
        };
        return $"{Part(new Dictionary<string, object> { ["alg"] = "none", ["typ"] = "JWT" })}.{Part(claims)}.{Convert.ToBase64String("unsigned-not-for-logs"u8).TrimEnd('=')}";
    }

    private static string Part(Dictionary<string, object> value) => Convert.ToBase64String(JsonSerializer.SerializeToUtf8Bytes(value)).TrimEnd('=').Replace('+', '-').Replace('/', '_');
}

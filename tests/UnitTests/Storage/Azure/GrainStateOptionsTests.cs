using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using OrleansInference.Grains;
using OrleansInference.Storage;
using OrleansInference.Storage.Azure;
using OrleansInference.Storage.Azure.GrainState;

namespace UnitTests.Storage.Azure;

/// <summary>Settings that cannot be used are told with name, value and remedy, and no secret is repeated.</summary>
public sealed class GrainStateOptionsTests
{
    private const string Key = "bm90LWZvci1sb2dzLW5vdC1mb3ItbG9ncy1ub3QtZm9yLWxvZ3M=";
    private const string Account = $"DefaultEndpointsProtocol=https;AccountName=test;AccountKey={Key};EndpointSuffix=core.windows.net";

    [Theory]
    [InlineData("AzureTable", "ConnectionString", Account)]
    [InlineData("azureblob", "ConnectionString", Account)]
    [InlineData("AzureTable", "ConnectionString", "UseDevelopmentStorage=true")]
    [InlineData("AzureTable", "ServiceUri", "https://test.table.core.windows.net")]
    [InlineData("AzureBlob", "ServiceUri", "https://test.blob.core.windows.net")]
    public void Validate_AccountGiven_IsTaken(string provider, string setting, string value) =>
        Assert.NotNull(Read(provider, (setting, value)));

    [Theory]
    [InlineData("ConnectionString and Inference:GrainState:ServiceUri are both missing.", "Set one")]
    [InlineData("ConnectionString and Inference:GrainState:ServiceUri are both set.", "Remove one", "ConnectionString=" + Account, "ServiceUri=https://test.table.core.windows.net")]
    [InlineData("ServiceUri is no address of a service: 'http://test.table.core.windows.net/' is not https", "Write it as https://", "ServiceUri=http://test.table.core.windows.net")]
    [InlineData("ServiceUri is no address of a service: 'test.table' is not absolute.", "Write it as https://", "ServiceUri=test.table")]
    [InlineData("behind 'https://test.table.core.windows.net/' it has more", "belongs into ConnectionString", "ServiceUri=https://test.table.core.windows.net/?sig=" + Key)]
    [InlineData("ConnectionString is no connection string of a storage account", "Set it to DefaultEndpointsProtocol", "ConnectionString=" + Key)]
    [InlineData("ConnectionString is no connection string of a storage account", "Set it to DefaultEndpointsProtocol", "ConnectionString=AccountName=test;AccountKey=?" + Key)]
    [InlineData("TableName is 'my-table'.", "letters and digits", "ConnectionString=" + Account, "TableName=my-table")]
    [InlineData("ContainerName is 'Caps'.", "lower-case", "ConnectionString=" + Account, "ContainerName=Caps")]
    [InlineData("ContainerName is 'two--hyphens'.", "lower-case", "ConnectionString=" + Account, "ContainerName=two--hyphens")]
    [InlineData("MaxRetries is '11'.", "between 0 and 10", "ConnectionString=" + Account, "MaxRetries=11")]
    [InlineData("StartTimeout is '00:00:00'.", "between 00:00:01 and 00:10:00", "ConnectionString=" + Account, "StartTimeout=00:00:00")]
    [InlineData("ManagedIdentityClientId is 'me', but Inference:GrainState:ServiceUri is not set.", "Set that", "ConnectionString=" + Account, "ManagedIdentityClientId=me")]
    public void Validate_Broken_NamesSettingValueAndRemedy(string told, string remedy, params string[] settings)
    {
        var fault = Assert.Throws<OptionsValidationException>(() => Read("AzureTable", [.. settings.Select(setting => setting.Split('=', 2)).Select(parts => (parts[0], parts[1]))]));

        Assert.Contains(fault.Failures, failure => failure.StartsWith("Inference:GrainState:", StringComparison.Ordinal) && failure.Contains(told, StringComparison.Ordinal));
        Assert.Contains(remedy, fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Key, fault.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Add_NoSuchProvider_NamesThoseThereAre()
    {
        var fault = Assert.Throws<InferenceStartupException>(() => Read("Cosmos"));

        Assert.Equal("Inference:GrainState:Provider is 'Cosmos'. Set it to one of: Sqlite, PostgreSql, AzureTable, AzureBlob.", fault.Message);
    }

    [Fact]
    public void Clients_ServiceUri_SignInWithTheNamedIdentity()
    {
        var account = Read("AzureTable", ("ServiceUri", "https://test.table.core.windows.net"), ("ManagedIdentityClientId", "2a5e0dcb-8dd8-4b3a-9d76-0f3b7a1f4c11"));

        Assert.Equal("2a5e0dcb-8dd8-4b3a-9d76-0f3b7a1f4c11", AzureClients.Identify(account).ManagedIdentityClientId);
        Assert.Equal("https://test.table.core.windows.net/", AzureClients.CreateTables(account).Uri.ToString());
        Assert.Equal("https://test.table.core.windows.net/", AzureClients.CreateBlobs(account).Uri.ToString());
    }

    private static GrainStateOptions Read(string provider, params (string Setting, string Value)[] settings)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(
            [new("Inference:GrainState:Provider", provider), .. settings.Select(setting => KeyValuePair.Create($"Inference:GrainState:{setting.Setting}", (string?)setting.Value))]).Build();
        using var services = new ServiceCollection().AddGrainState(StorageProviders.Read(configuration).GrainState, configuration).BuildServiceProvider();
        return services.GetRequiredService<IOptions<GrainStateOptions>>().Value;
    }
}

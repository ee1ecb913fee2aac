namespace IntegrationTests.Storage;

/// <summary>The prediction log in the embedded database.</summary>
public sealed class SqliteLogTests : LogConformanceTests
{
    internal override Task<LogStores> StartAsync() => LogStores.StartAsync();
}

using IntegrationTests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using OrleansInference.Storage.Sql;

namespace IntegrationTests;

/// <summary>What an answered prediction's durability rests on, asked of the very connection that writes.</summary>
public sealed class WriterPragmaTests(DemoServer demo)
{
    [Theory]
    [InlineData("journal_mode", "wal")]
    [InlineData("synchronous", "2")]
    public async Task Writer_OwnConnection_SyncsEachCommit(string pragma, string expected)
    {
        var writer = demo.Server.Services.GetRequiredService<SqliteWriter>();

        Assert.Equal(expected, await writer.ReadPragmaAsync(pragma));
    }
}

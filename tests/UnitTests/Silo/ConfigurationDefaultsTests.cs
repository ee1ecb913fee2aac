using Microsoft.Extensions.Configuration;
using OrleansInference.Silo;

namespace UnitTests.Silo;

public sealed class ConfigurationDefaultsTests : IDisposable
{
    private const string Setting = "Logging:LogLevel:Default";

    private readonly ConfigurationManager _configuration = new();

    public void Dispose() => _configuration.Dispose();

    [Fact]
    public void Apply_NothingElseSaid_IsTheDefault()
    {
        ConfigurationDefaults.Apply(_configuration);

        Assert.Equal("Information", _configuration[Setting]);
    }

    [Fact]
    public void Apply_SomethingSaidBefore_LosesToIt()
    {
        _configuration.AddInMemoryCollection([new(Setting, "Debug")]);

        ConfigurationDefaults.Apply(_configuration);

        Assert.Equal("Debug", _configuration[Setting]);
    }
}

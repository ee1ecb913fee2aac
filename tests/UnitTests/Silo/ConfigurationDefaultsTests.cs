using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using OrleansInference.Silo;
using UnitTests.Fakes;

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

    // The framework takes "Orleans" for a prefix of "OrleansInference".
    [Theory]
    [InlineData("", LogLevel.Information)]
    [InlineData("Logging:LogLevel:Orleans=Warning", LogLevel.Information)]
    [InlineData("Logging:LogLevel:Orleans=Debug", LogLevel.Information)]
    [InlineData("Logging:LogLevel:Default=Debug", LogLevel.Debug)]
    [InlineData("Logging:LogLevel:Default=Error", LogLevel.Error)]
    [InlineData("Logging:LogLevel:OrleansInference=Warning", LogLevel.Warning)]
    [InlineData("Logging:LogLevel:Orleans=Error;Logging:LogLevel:OrleansInference=Debug", LogLevel.Debug)]
    public void Apply_LevelsSaid_OwnLinesAreThoseOfTheirOwnLevelOrTheDefault(string said, LogLevel lowest)
    {
        _configuration.AddInMemoryCollection(said.Split(';', StringSplitOptions.RemoveEmptyEntries).Select(setting => setting.Split('=')).Select(setting => KeyValuePair.Create(setting[0], (string?)setting[1])));

        ConfigurationDefaults.Apply(_configuration);

        Assert.Equal(lowest, LowestOf("OrleansInference.Grains.Models.ModelLoader"));
    }

    [Fact]
    public void Apply_NothingElseSaid_OrleansLinesAreWarnings()
    {
        ConfigurationDefaults.Apply(_configuration);

        Assert.Equal(LogLevel.Warning, LowestOf("Orleans.Runtime.Silo"));
    }

    private LogLevel LowestOf(string category)
    {
        using var provider = new FakeLoggerProvider();
        using var loggers = LoggerFactory.Create(logging => logging.AddConfiguration(_configuration.GetSection("Logging")).AddProvider(provider));
        var logger = loggers.CreateLogger(category);
        return Enum.GetValues<LogLevel>().First(logger.IsEnabled);
    }
}

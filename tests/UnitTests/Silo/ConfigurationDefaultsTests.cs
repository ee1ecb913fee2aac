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
        Say(said);

        ConfigurationDefaults.Apply(_configuration);

        Assert.Equal(lowest, LowestOf("OrleansInference.Grains.Models.ModelLoader"));
    }

    [Fact]
    public void Apply_NothingElseSaid_OrleansLinesAreWarnings()
    {
        ConfigurationDefaults.Apply(_configuration);

        Assert.Equal(LogLevel.Warning, LowestOf("Orleans.Runtime.Silo"));
    }

    // A category that may log has a scope and an activity made of each request.
    [Theory]
    [InlineData("", LogLevel.None)]
    [InlineData("Logging:LogLevel:Default=Debug", LogLevel.None)]
    [InlineData("Logging:LogLevel:Microsoft=Information", LogLevel.Information)]
    [InlineData("Logging:LogLevel:Microsoft.AspNetCore=Warning", LogLevel.Warning)]
    [InlineData("Logging:LogLevel:Microsoft.AspNetCore.Hosting=Debug;Logging:LogLevel:Microsoft.AspNetCore=Error", LogLevel.Debug)]
    [InlineData("Logging:LogLevel:Microsoft.AspNetCore.Hosting.Diagnostics=Critical", LogLevel.Critical)]
    public void Apply_LevelsSaid_RequestsAreLoggedWhereSomethingIsSaidOfThem(string said, LogLevel lowest)
    {
        Say(said);

        ConfigurationDefaults.Apply(_configuration);

        Assert.Equal(lowest, LowestOf("Microsoft.AspNetCore.Hosting.Diagnostics"));
    }

    private void Say(string settings) => _configuration.AddInMemoryCollection(
        settings.Split(';', StringSplitOptions.RemoveEmptyEntries).Select(setting => setting.Split('=')).Select(setting => KeyValuePair.Create(setting[0], (string?)setting[1])));

    private LogLevel LowestOf(string category)
    {
        using var provider = new FakeLoggerProvider();
        using var loggers = LoggerFactory.Create(logging => logging.AddConfiguration(_configuration.GetSection("Logging")).AddProvider(provider));
        var logger = loggers.CreateLogger(category);
        return Enum.GetValues<LogLevel>().FirstOrDefault(level => level is not LogLevel.None && logger.IsEnabled(level), LogLevel.None);
    }
}

using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Configuration;
using OrleansInference.Grains;
using OrleansInference.Grains.PostProcessing.Outbox;

namespace UnitTests.Grains.PostProcessing.Outbox;

public sealed class OutboxOptionsTests
{
    [Theory]
    [InlineData("1.00:00:00", true)]
    [InlineData("1.00:00:01", false)]
    [InlineData("00:00:00.009", false)]
    public void MaxRetryDelay_Range_EndsAtADay(string delay, bool valid)
    {
        var options = new OutboxOptions { MaxRetryDelay = TimeSpan.Parse(delay, System.Globalization.CultureInfo.InvariantCulture) };

        Assert.Equal(valid, Faults(options).Count == 0);
    }

    [Fact]
    public void Validate_RetryDelayBeyondTheLongest_NamesBoth()
    {
        var fault = Assert.Single(Faults(new OutboxOptions { RetryDelay = TimeSpan.FromSeconds(10), MaxRetryDelay = TimeSpan.FromSeconds(5) }));

        Assert.Equal("RetryDelay = 00:00:10 is longer than MaxRetryDelay = 00:00:05. Lower the one, or raise the other.", fault);
    }

    [Fact]
    public void ReadOne_SettingMisspelt_IsAFaultNamingIt()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("Inference:Outbox:MaxAttemps", "3")]).Build();

        var fault = Assert.Throws<InferenceStartupException>(() => NamedOptions.ReadOne<OutboxOptions>(configuration.GetSection("Inference"), "Outbox"));

        Assert.StartsWith("Inference:Outbox: ", fault.Message, StringComparison.Ordinal);
        Assert.Contains("'MaxAttemps'", fault.Message, StringComparison.Ordinal);
    }

    private static IReadOnlyList<string?> Faults(OutboxOptions options)
    {
        var results = new List<ValidationResult>();
        Validator.TryValidateObject(options, new ValidationContext(options), results, validateAllProperties: true);
        return [.. results.Select(result => result.ErrorMessage)];
    }
}

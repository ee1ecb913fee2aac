using System.ComponentModel.DataAnnotations;
using OrleansInference.Grains.PostProcessing;

namespace UnitTests.Grains.PostProcessing;

public sealed class OutboxOptionsTests
{
    [Theory]
    [InlineData("1.00:00:00", true)]
    [InlineData("1.00:00:01", false)]
    [InlineData("00:00:00.009", false)]
    public void MaxRetryDelay_Range_EndsAtADay(string delay, bool valid)
    {
        var options = new OutboxOptions { MaxRetryDelay = TimeSpan.Parse(delay, System.Globalization.CultureInfo.InvariantCulture) };

        Assert.Equal(valid, Validator.TryValidateObject(options, new ValidationContext(options), [], validateAllProperties: true));
    }
}

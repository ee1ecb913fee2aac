using OrleansInference;
using OrleansInference.Api.OpenInference;

namespace UnitTests.Api.OpenInference;

public sealed class RequestParametersTests
{
    [Theory]
    [InlineData(0, InferencePriority.Interactive)]
    [InlineData(1, InferencePriority.Interactive)]
    [InlineData(2, InferencePriority.Bulk)]
    [InlineData(long.MaxValue, InferencePriority.Bulk)]
    public void Set_Priority_OneIsTheHighestAndZeroTheDefault(long sent, InferencePriority priority) => Assert.Equal(priority, Set("priority", sent).Priority);

    [Theory]
    [InlineData(0L, null)]
    [InlineData(1L, 10L)]
    [InlineData(2_000_000L, 20_000_000L)]
    [InlineData(long.MaxValue, TimeSpan.TicksPerDay)]
    public void Set_Timeout_IsMicroseconds(long sent, long? ticks) => Assert.Equal(ticks, Set("timeout", sent).Timeout?.Ticks);

    [Fact]
    public void Limit_OfTwo_TheShorterHolds()
    {
        var parameters = Set("timeout", 5_000L);
        parameters.Limit(TimeSpan.FromMilliseconds(7));
        Assert.Equal(TimeSpan.FromMilliseconds(5), parameters.Timeout);

        parameters.Limit(TimeSpan.FromMilliseconds(3));
        parameters.Limit(TimeSpan.Zero);
        Assert.Equal(TimeSpan.FromMilliseconds(3), parameters.Timeout);
    }

    [Fact]
    public void Set_Others_MeanWhatTheyAreNamed()
    {
        Assert.Equal("user-1", Set("routing_key", "user-1").RoutingKey);
        Assert.True(Set("bypass_cache", true).BypassCache);
        Assert.True(Set("binary_data_output", true).BinaryOutput);
        Assert.Equal(TimeSpan.FromMicroseconds(3), Set("timeout", 3.0).Timeout);
        Assert.Equal(TimeSpan.FromMicroseconds(3), Set("timeout", 3ul).Timeout);
    }

    [Fact]
    public void Set_Unknown_IsIgnored()
    {
        var parameters = Set("sequence_id", "7");

        Assert.Equal((InferencePriority.Interactive, null, null, false, false), (parameters.Priority, parameters.Timeout, parameters.RoutingKey, parameters.BypassCache, parameters.BinaryOutput));
    }

    public static TheoryData<string, object, string> Faults => new()
    {
        { "priority", -1L, "parameter 'priority' is -1; send a whole number: 0 (default) or 1 for interactive, 2 and above for bulk" },
        { "priority", "high", "parameter 'priority' is 'high'; send a whole number" },
        { "priority", ulong.MaxValue, "parameter 'priority' is 18446744073709551615; send a whole number" },
        { "timeout", 1.5, "parameter 'timeout' is 1.5; send a whole number: microseconds, or 0 for none" },
        { "timeout", true, "parameter 'timeout' is true; send a whole number" },
        { "timeout", -1L, "parameter 'timeout' is -1; send a whole number" },
        { "routing_key", 5L, "parameter 'routing_key' is 5; send a string" },
        { "bypass_cache", "yes", "parameter 'bypass_cache' is 'yes'; send true or false" },
        { "binary_data_output", 1L, "parameter 'binary_data_output' is 1; send true or false" },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public void Set_KnownWithoutMeaning_IsToldWithTheRemedy(string name, object value, string fault)
    {
        var told = Assert.Throws<InferenceException>(() => Set(name, value));

        Assert.Equal(InferenceErrorCode.InvalidInput, told.Code);
        Assert.StartsWith(fault, told.Message, StringComparison.Ordinal);
    }

    private static RequestParameters Set(string name, object value)
    {
        var parameters = new RequestParameters();
        parameters.Set(name, value switch
        {
            bool boolean => boolean,
            long whole => whole,
            ulong whole => whole,
            double number => number,
            _ => (string)value,
        });
        return parameters;
    }
}

using System.Text;
using OrleansInference.Grains.PostProcessing.Outbox;

namespace UnitTests.Grains.PostProcessing.Outbox;

public sealed class OutOfOrderTests
{
    [Theory]
    [InlineData("""{"id":"a"}""", """{"outoforder":true,"id":"a"}""")]
    [InlineData("{}", """{"outoforder":true}""")]
    public void Mark_Event_HasTheAttribute(string before, string after) => Assert.Equal(after, Encoding.UTF8.GetString(OutOfOrder.Mark(Encoding.UTF8.GetBytes(before))));
}

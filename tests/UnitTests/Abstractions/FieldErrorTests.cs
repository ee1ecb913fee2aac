using OrleansInference;

namespace UnitTests.Abstractions;

public sealed class FieldErrorTests
{
    private static readonly string Hundred = new('x', 100);

    [Fact]
    public void Quote_ShortText_IsWhole() => Assert.Equal(Hundred, FieldError.Quote(Hundred));

    [Fact]
    public void Quote_LongText_IsItsBeginning() => Assert.Equal($"{Hundred}…", FieldError.Quote(Hundred + "x"));

    [Fact]
    public void Quote_CutWouldSplitASurrogatePair_LeavesThePairOut() =>
        Assert.Equal($"{Hundred[1..]}…", FieldError.Quote(Hundred[1..] + "😀x"));
}

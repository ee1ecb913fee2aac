using OrleansInference.Grains.Models.Routing;

namespace UnitTests.Grains.Models.Routing;

public sealed class CanaryShareTests
{
    private static readonly string[] Users = [.. Enumerable.Range(0, 100_000).Select(user => $"-!{user}")];

    // Computed by an implementation of XXH64 in another language: a change of any of these moves users between versions.
    [Theory]
    [InlineData("fraud", "-!42", 4941)]
    [InlineData("fraud", "-!1", 5302)]
    [InlineData("risk-score", "-!42", 5624)]
    [InlineData("fraud", "-!user%2F7", 7307)]
    [InlineData("fraud", "", 3169)]
    [InlineData("fraud", "Zoë", 3277)]
    public void SlotOf_KnownKey_IsWhatItWasOnEveryOtherMachine(string model, string key, int slot) =>
        Assert.Equal(slot, CanaryShare.SlotOf(model, key));

    [Fact]
    public void SlotOf_KeyLongerThanTheStackBuffer_IsThatOfTheWholeKey() => Assert.Equal(5740, CanaryShare.SlotOf("fraud", new string('x', 1000)));

    [Fact]
    public void Takes_TenPercentOfManyUsers_TakesTenPercentOfThem()
    {
        var share = new CanaryShare("fraud", 10);

        var taken = Users.Count(share.Takes);

        Assert.InRange(taken, 9_700, 10_300);
    }

    [Fact]
    public void Takes_ShareRaised_MovesNobodyBack()
    {
        var before = Users.Where(new CanaryShare("fraud", 10).Takes).ToHashSet();

        var after = Users.Where(new CanaryShare("fraud", 20).Takes).ToHashSet();

        Assert.Subset(after, before);
        Assert.InRange(after.Count, 19_600, 20_400);
    }

    [Fact]
    public void Takes_TwoModels_DrawOtherUsers()
    {
        var first = Users.Where(new CanaryShare("fraud", 10).Takes).ToHashSet();

        var both = Users.Where(new CanaryShare("risk", 10).Takes).Count(first.Contains);

        Assert.InRange(both, 800, 1_200);
    }

    [Fact]
    public void Takes_NoKey_DrawsEachRequest()
    {
        var share = new CanaryShare("fraud", 10);

        var taken = Enumerable.Range(0, 100_000).Count(_ => share.Takes(null));

        // Six standard deviations.
        Assert.InRange(taken, 9_430, 10_570);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(100, 100_000)]
    public void Takes_NobodyOrEverybody_IsExact(double percent, int expected) => Assert.Equal(expected, Users.Count(new CanaryShare("fraud", percent).Takes));

    [Fact]
    public void Takes_HundredthsOfAPercent_AreWholeSlots()
    {
        var share = new CanaryShare("fraud", 0.07);
        var bySlot = Users.ToLookup(user => CanaryShare.SlotOf("fraud", user));

        Assert.All(bySlot[6], user => Assert.True(share.Takes(user)));
        Assert.All(bySlot[7], user => Assert.False(share.Takes(user)));
        Assert.NotEmpty(bySlot[6]);
        Assert.NotEmpty(bySlot[7]);
    }

    [Fact]
    public void Takes_AUsersKey_AllocatesNothing()
    {
        var share = new CanaryShare("fraud", 10);
        share.Takes("-!42");
        var before = GC.GetAllocatedBytesForCurrentThread();

        for (var i = 0; i < 1000; i++) share.Takes("-!42");

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}

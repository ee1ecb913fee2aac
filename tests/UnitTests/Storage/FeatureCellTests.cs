using OrleansInference.Grains.Features;
using OrleansInference.Storage.Sql.Features;

namespace UnitTests.Storage;

public sealed class FeatureCellTests
{
    private static readonly DateTime Noon = new(2026, 4, 1, 12, 0, 0, DateTimeKind.Utc);

    public static TheoryData<object, double> Numbers => new()
    {
        { 5L, 5 }, { 5, 5 }, { (short)5, 5 }, { 2.5, 2.5 }, { 2.5f, 2.5 }, { 2.5m, 2.5 }, { true, 1 }, { false, 0 },
        { Noon, 1_775_044_800 }, { DateTime.SpecifyKind(Noon, DateTimeKind.Unspecified), 1_775_044_800 }, { new DateTimeOffset(Noon), 1_775_044_800 }, { new DateOnly(2026, 4, 1), 1_775_001_600 },
    };

    [Theory, MemberData(nameof(Numbers), DisableDiscoveryEnumeration = true)]
    public void Read_Number_OfEveryKind(object stored, double number) => Assert.Equal(FeatureValue.Of(number), FeatureCell.Read(stored, FeatureType.Number));

    [Fact]
    public void Read_Text_IsTextOrId()
    {
        Assert.Equal(FeatureValue.Of("x"), FeatureCell.Read("x", FeatureType.Text));
        Assert.Equal(FeatureValue.Of("00000000-0000-0000-0000-000000000000"), FeatureCell.Read(Guid.Empty, FeatureType.Text));
    }

    [Theory]
    [InlineData(FeatureType.Number)]
    [InlineData(FeatureType.Text)]
    public void Read_Null_IsMissing(FeatureType type) => Assert.Equal(FeatureValue.Missing, FeatureCell.Read(DBNull.Value, type));

    public static TheoryData<object, FeatureType> Others => new()
    {
        { "5", FeatureType.Number }, { double.NaN, FeatureType.Number }, { double.PositiveInfinity, FeatureType.Number }, { new byte[1], FeatureType.Number }, { 5L, FeatureType.Text }, { true, FeatureType.Text },
    };

    [Theory, MemberData(nameof(Others), DisableDiscoveryEnumeration = true)]
    public void Read_AnotherType_IsNone(object stored, FeatureType type) => Assert.Null(FeatureCell.Read(stored, type));

    [Fact]
    public void TryReadTime_TimestampIsoTextOrUnixSeconds_IsTheInstant()
    {
        foreach (var stored in new object[] { Noon, new DateTimeOffset(Noon), "2026-04-01T12:00:00Z", "2026-04-01 12:00:00", 1_775_044_800L, 1_775_044_800.0 })
        {
            Assert.True(FeatureCell.TryReadTime(stored, out var time));
            Assert.Equal(new DateTimeOffset(Noon), time);
        }

        Assert.True(FeatureCell.TryReadTime(DBNull.Value, out var none));
        Assert.Null(none);
    }

    [Theory]
    [InlineData("yesterday")]
    [InlineData(-1.0)]
    [InlineData(1e300)]
    public void TryReadTime_SomethingElse_IsNone(object stored) => Assert.False(FeatureCell.TryReadTime(stored, out _));
}

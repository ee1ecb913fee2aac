using OrleansInference;
using OrleansInference.Api.OpenInference;
using OrleansInference.Grains.Models.Sessions;

namespace UnitTests.Api.OpenInference;

public sealed class DatatypesTests
{
    public static TheoryData<TensorDatatype> All => [.. Enum.GetValues<TensorDatatype>()];

    [Theory]
    [MemberData(nameof(All))]
    public void TryParse_EveryName_GivesItsDatatype(TensorDatatype datatype)
    {
        Assert.Equal(datatype.ToString(), Datatypes.NameOf(datatype));
        Assert.True(Datatypes.TryParse(Datatypes.NameOf(datatype), out var parsed));
        Assert.Equal(datatype, parsed);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void SizeOf_Datatype_IsThatOfTheModels(TensorDatatype datatype) => Assert.Equal(OnnxDatatypes.SizeOf(datatype), Datatypes.SizeOf(datatype));

    [Theory]
    [InlineData("")]
    [InlineData("fp32")]
    [InlineData("FLOAT")]
    [InlineData("1")]
    public void TryParse_NoName_SaysSo(string name) => Assert.False(Datatypes.TryParse(name, out _));
}

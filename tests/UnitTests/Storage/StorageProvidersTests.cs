using Microsoft.Extensions.Configuration;
using OrleansInference.Grains;
using OrleansInference.Storage;

namespace UnitTests.Storage;

public sealed class StorageProvidersTests
{
    [Theory]
    [InlineData(null, null, StorageProvider.Sqlite, StorageProvider.Sqlite)]
    [InlineData("PostgreSql", null, StorageProvider.PostgreSql, StorageProvider.PostgreSql)]
    [InlineData("postgresql", "sqlite", StorageProvider.PostgreSql, StorageProvider.Sqlite)]
    public void Read_Known_GrainStateIsWhereTheLogIsUnlessSaid(string? log, string? grainState, StorageProvider expectedLog, StorageProvider expectedState) =>
        Assert.Equal(new StorageProviders(expectedLog, expectedState), Read(log, grainState));

    [Theory]
    [InlineData("Oracle", null, "Inference:Storage:Provider is 'Oracle'. Set it to Sqlite or PostgreSql.")]
    [InlineData(null, "Oracle", "Inference:Storage:GrainState is 'Oracle'. Set it to Sqlite or PostgreSql.")]
    [InlineData("Sqlite", "PostgreSql", "Inference:Storage:GrainState is PostgreSql and Inference:Storage:Provider is Sqlite. Set both to PostgreSql: a cluster's log is shared like its state.")]
    public void Read_WhatCannotBe_NamesSettingAndRemedy(string? log, string? grainState, string expected) =>
        Assert.Equal(expected, Assert.Throws<InferenceStartupException>(() => Read(log, grainState)).Message);

    private static StorageProviders Read(string? log, string? grainState) => StorageProviders.Read(
        new ConfigurationBuilder().AddInMemoryCollection([new("Inference:Storage:Provider", log), new("Inference:Storage:GrainState", grainState)]).Build());
}

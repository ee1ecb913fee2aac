using Microsoft.Extensions.Configuration;
using OrleansInference.Grains;
using OrleansInference.Storage;

namespace UnitTests.Storage;

public sealed class StorageProvidersTests
{
    [Theory]
    [InlineData(null, null, StorageProvider.Sqlite, GrainStateProvider.Sqlite)]
    [InlineData("PostgreSql", null, StorageProvider.PostgreSql, GrainStateProvider.PostgreSql)]
    [InlineData("postgresql", "azuretable", StorageProvider.PostgreSql, GrainStateProvider.AzureTable)]
    [InlineData(null, "AzureBlob", StorageProvider.Sqlite, GrainStateProvider.AzureBlob)]
    [InlineData("postgresql", "sqlite", StorageProvider.PostgreSql, GrainStateProvider.Sqlite)]
    public void Read_Known_GrainStateIsWhereTheLogIsUnlessSaid(string? log, string? grainState, StorageProvider expectedLog, GrainStateProvider expectedState) =>
        Assert.Equal(new StorageProviders(expectedLog, expectedState), Read(log, grainState));

    [Theory]
    [InlineData("Oracle", null, "Inference:Storage:Provider is 'Oracle'. Set it to one of: Sqlite, PostgreSql.")]
    [InlineData(null, "Oracle", "Inference:GrainState:Provider is 'Oracle'. Set it to one of: Sqlite, PostgreSql, AzureTable, AzureBlob.")]
    [InlineData("Sqlite", "PostgreSql", "Inference:GrainState:Provider is PostgreSql and Inference:Storage:Provider is Sqlite. Set both to PostgreSql: grain state is kept in the log's database.")]
    public void Read_WhatCannotBe_NamesSettingAndRemedy(string? log, string? grainState, string expected) =>
        Assert.Equal(expected, Assert.Throws<InferenceStartupException>(() => Read(log, grainState)).Message);

    private static StorageProviders Read(string? log, string? grainState) => StorageProviders.Read(
        new ConfigurationBuilder().AddInMemoryCollection([new("Inference:Storage:Provider", log), new("Inference:GrainState:Provider", grainState)]).Build());
}

using Microsoft.Extensions.Configuration;
using OrleansInference;
using OrleansInference.Grains;
using OrleansInference.Grains.Models.Repository;
using OrleansInference.Silo;
using OrleansInference.Silo.Cluster;
using OrleansInference.Silo.Metrics;
using OrleansInference.Storage;
using OrleansInference.Storage.Sql.PostgreSql;
using UnitTests.Architecture;

namespace UnitTests.Silo.Cluster;

/// <summary><c>appsettings.Cluster.json</c>: every setting of a cluster, as the program knows it, with its comment.</summary>
public sealed class ClusterSettingsFileTests
{
    private static readonly string File = SourceTree.File("src/Silo/appsettings.Cluster.json");

    private readonly IConfigurationSection _inference = new ConfigurationBuilder().AddJsonFile(File).Build().GetSection("Inference");

    [Fact]
    public void Sections_All_AreSettingsOfTheProgram()
    {
        // Each refuses what it does not know.
        NamedOptions.ReadOne<InferenceClusterOptions>(_inference, "Cluster");
        NamedOptions.ReadOne<SiloPortOptions>(_inference, "Silo");
        NamedOptions.ReadOne<MetricsOptions>(_inference, "Metrics");
        NamedOptions.ReadOne<PostgreSqlOptions>(_inference, "PostgreSql");
        NamedOptions.ReadOne<PredictionAttemptOptions>(_inference, "Predictions");
        NamedOptions.ReadOne<ShutdownOptions>(_inference, "Shutdown");
        NamedOptions.ReadOne<ModelRepositoryOptions>(_inference, "ModelRepository");

        Assert.Equal(["Cluster", "GrainState", "Metrics", "Mode", "ModelRepository", "PostgreSql", "Predictions", "Shutdown", "Silo", "Storage"], _inference.GetChildren().Select(child => child.Key).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(typeof(InferenceClusterOptions), "Cluster")]
    [InlineData(typeof(SiloPortOptions), "Silo")]
    [InlineData(typeof(MetricsOptions), "Metrics")]
    [InlineData(typeof(PostgreSqlOptions), "PostgreSql")]
    [InlineData(typeof(PredictionAttemptOptions), "Predictions")]
    [InlineData(typeof(ShutdownOptions), "Shutdown")]
    public void Sections_OfACluster_HoldEverySetting(Type options, string section) =>
        Assert.Equal(options.GetProperties().Select(property => property.Name).Order(StringComparer.Ordinal), _inference.GetSection(section).GetChildren().Select(child => child.Key).Order(StringComparer.Ordinal));

    [Fact]
    public void Lines_Settings_HaveACommentAbove()
    {
        var lines = System.IO.File.ReadAllLines(File);

        for (var i = 1; i < lines.Length; i++)
        {
            var isSetting = lines[i].TrimStart().StartsWith('"') && !lines[i].TrimEnd().EndsWith('{');
            Assert.True(!isSetting || lines[i - 1].TrimStart().StartsWith("//", StringComparison.Ordinal), $"line {i + 1} has no comment: {lines[i]}");
        }
    }

    [Fact]
    public void Storage_InAClusterThatSharesIt_IsPostgreSqlThroughout() =>
        Assert.Equal(new StorageProviders(StorageProvider.PostgreSql, GrainStateProvider.PostgreSql), StorageProviders.Read(new ConfigurationBuilder().AddJsonFile(File).Build()));
}

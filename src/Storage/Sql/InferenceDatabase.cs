using DbUp;
using DbUp.Engine.Output;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;
using OrleansInference.Grains;

namespace OrleansInference.Storage.Sql;

/// <summary>The embedded database, <c>inference.db</c> in the data directory: where it is, and its schema.</summary>
internal sealed class InferenceDatabase(IOptions<InferenceOptions> options)
{
    private const string Migrations = "OrleansInference.Storage.Sql.Migrations.";

    public string File => Path.Combine(options.Value.DataDirectory, "inference.db");

    public string ConnectionString => new SqliteConnectionStringBuilder { DataSource = File, Pooling = false }.ConnectionString;

    /// <summary>Creates the database where there is none and brings its schema up to this program's.</summary>
    /// <exception cref="InferenceStartupException">The file is no database, or cannot be written.</exception>
    public void Migrate()
    {
        var result = DeployChanges.To
            .SqliteDatabase(ConnectionString)
            .WithScriptsEmbeddedInAssembly(typeof(InferenceDatabase).Assembly, script => script.StartsWith(Migrations, StringComparison.Ordinal))
            .WithTransactionPerScript()
            .LogTo(new NoOpUpgradeLog())
            .Build()
            .PerformUpgrade();
        if (!result.Successful)
            throw new InferenceStartupException($"{File} cannot be brought up to date: {result.Error.Message} Repair or move the file, or set another Inference:DataDirectory.");
    }
}

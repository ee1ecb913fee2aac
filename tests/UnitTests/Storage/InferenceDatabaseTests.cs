using OrleansInference.Grains;

namespace UnitTests.Storage;

public sealed class InferenceDatabaseTests
{
    [Fact]
    public async Task Migrate_Twice_KeepsWhatIsThere()
    {
        await using var storage = await new StorageBuilder().StartAsync();
        await storage.AppendAsync(storage.Record("-!42", 1));

        storage.Database.Migrate();

        Assert.Equal(1, storage.Scalar<long>("SELECT count(*) FROM predictions"));
    }

    [Fact]
    public async Task Migrate_FileIsNoDatabase_NamesTheFileAndTheRemedy()
    {
        await using var storage = new StorageBuilder();
        await File.WriteAllTextAsync(storage.PathOf("inference.db"), new string('x', 5000), TestContext.Current.CancellationToken);

        var fault = Assert.Throws<InferenceStartupException>(storage.Database.Migrate);

        Assert.StartsWith($"{storage.PathOf("inference.db")} cannot be brought up to date:", fault.Message, StringComparison.Ordinal);
        Assert.EndsWith("Repair or move the file, or set another Inference:DataDirectory.", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Migrate_FolderIsMissing_NamesTheFile()
    {
        await using var storage = new StorageBuilder();
        storage.Settings.Value.DataDirectory = storage.PathOf("none");

        Assert.Contains("inference.db", Assert.Throws<InferenceStartupException>(storage.Database.Migrate).Message, StringComparison.Ordinal);
    }
}

using IntegrationTests.Infrastructure;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using OrleansInference.Grains;
using OrleansInference.Grains.Models.Repository;
using OrleansInference.Storage.Azure.Models;

namespace IntegrationTests.Storage.Azure;

/// <summary>A container is copied into a folder: whole, by ETag, and without what would leave the folder.</summary>
public sealed class BlobModelRepositoryTests(AzuriteTestServer azurite) : IAsyncLifetime
{
    private readonly TestDirectory _cache = new();
    private readonly CapturedLog _log = new();
    private readonly FakeTimeProvider _time = new();
    private AzurePlace _place = null!;

    public async ValueTask InitializeAsync()
    {
        _place = await azurite.FindPlaceAsync();
        await _place.Container.CreateAsync();
    }

    public ValueTask DisposeAsync()
    {
        _cache.Dispose();
        _log.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task List_Models_AreCopiedWithEverythingBesideThem()
    {
        string[] names = ["m/model.json", "m/1/model.onnx", "m/1/model.onnx.data", "m/lookup.csv", "shared/terminals.csv", "terminals.csv", "n/2/model.onnx"];
        foreach (var name in names) await PutAsync(name, name);

        var repository = Open();

        Assert.Equal(["m", "n"], repository.List());
        Assert.Equal(names.Order(), Copied());
        Assert.All(names, name => Assert.Equal(name, File.ReadAllText(PathOf(name))));
        Assert.Equal([1], repository.Read("m")!.Versions.Keys);
    }

    [Fact]
    public async Task List_PrefixGiven_TakesOnlyWhatIsUnderIt()
    {
        await PutAsync("production/models/m/1/model.onnx", "in");
        await PutAsync("production/models-old/n/1/model.onnx", "out");

        Assert.Equal(["m"], Open(prefix: "/production/models/").List());
    }

    [Fact]
    public async Task List_BlobsChangedAndRemoved_FollowsThem()
    {
        await PutAsync("m/1/model.onnx", "one");
        await PutAsync("m/2/model.onnx", "two");
        await PutAsync("gone/1/model.onnx", "gone");
        var repository = Open();
        repository.List();
        var before = repository.Fingerprint("m");

        await PutAsync("m/1/model.onnx", "eins");
        await _place.Container.DeleteBlobAsync("m/2/model.onnx", cancellationToken: TestContext.Current.CancellationToken);
        await _place.Container.DeleteBlobAsync("gone/1/model.onnx", cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal(["m"], repository.List());
        Assert.Equal(["m/1/model.onnx"], Copied());
        Assert.Equal("eins", File.ReadAllText(PathOf("m/1/model.onnx")));
        Assert.NotEqual(before, repository.Fingerprint("m"));
        Assert.False(Directory.Exists(PathOf("m/2")));
    }

    [Fact]
    public async Task List_NothingChanged_DownloadsNothing()
    {
        await PutAsync("m/1/model.onnx", "one");
        Open().List();
        var written = File.GetLastWriteTimeUtc(PathOf("m/1/model.onnx"));

        // Another process of this program, too.
        Open().List();

        Assert.Equal(written, File.GetLastWriteTimeUtc(PathOf("m/1/model.onnx")));
    }

    [Fact]
    public async Task List_CopiesDamagedOrHalfDone_CopiesThemAgain()
    {
        await PutAsync("m/1/model.onnx", "whole");
        Open().List();
        File.WriteAllText(PathOf("m/1/model.onnx"), "wh");
        File.WriteAllText(PathOf("m/1/left-over"), "?");
        File.WriteAllText(Path.Combine(_cache.Path, "staging", "half"), "who");

        Open().List();

        Assert.Equal(["m/1/model.onnx"], Copied());
        Assert.Equal("whole", File.ReadAllText(PathOf("m/1/model.onnx")));
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(_cache.Path, "staging")));
    }

    [Theory]
    [InlineData("m/1/a:b.onnx")]
    [InlineData("m//model.onnx")]
    [InlineData("C:/model.onnx")]
    public async Task List_NameLeadsElsewhere_IsRefusedOnceAndTheOthersServe(string name)
    {
        await PutAsync("m/1/model.onnx", "good");
        await PutAsync(name, "evil");
        var repository = Open();

        Assert.Equal(["m"], repository.List());
        repository.List();

        Assert.Equal(["m/1/model.onnx"], Copied());
        Assert.Equal(1, _log.Count($"The blob '{name}' is not copied: "));
    }

    [Fact]
    public async Task List_ModelCannotBeCopied_LeavesTheOthersAlone()
    {
        await PutAsync("m/1/model.onnx", "good");
        await PutAsync("n", "a file");
        await PutAsync("n/1/model.onnx", "in a folder of the file's name");
        var repository = Open();

        Assert.Contains("m", repository.List());
        repository.List();

        Assert.Equal(1, _log.Count(" could not be copied and stays as it was"));
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(_cache.Path, "staging")));
    }

    [Fact]
    public async Task List_ModelCouldNotBeCopied_IsTriedAgainAfterAPause()
    {
        await PutAsync("m/1/model.onnx", "good");
        await PutAsync("n/1/model.onnx", "first");
        var repository = Open();
        repository.List();
        Directory.Delete(PathOf("n"), recursive: true);
        await File.WriteAllTextAsync(PathOf("n"), "?", TestContext.Current.CancellationToken);
        await PutAsync("n/1/model.onnx", "again");
        repository.List();
        File.Delete(PathOf("n"));

        Assert.Equal(["m"], repository.List());
        _time.Advance(TimeSpan.FromSeconds(31));
        Assert.Equal(["m", "n"], repository.List());
    }

    [Fact]
    public async Task List_OtherContainer_ForgetsTheCopies()
    {
        await PutAsync("m/1/model.onnx", "first");
        Open().List();
        _place = await azurite.FindPlaceAsync();
        await _place.Container.CreateAsync(cancellationToken: TestContext.Current.CancellationToken);
        await PutAsync("n/1/model.onnx", "second");

        Assert.Equal(["n"], Open().List());
        Assert.Equal(1, _log.Count("are of another container or prefix"));
    }

    [Fact]
    public void List_NoModels_NamesTheContainer()
    {
        var fault = Assert.Throws<InferenceStartupException>(Open().List);

        Assert.Equal($"The container {_place.Container.Uri} (Inference:ModelRepository:Blob:Container) holds no model under ''. Upload one as <model>/<version>/model.onnx.", fault.Message);
    }

    [Fact]
    public async Task List_NoContainerAndNoCopies_NamesSettingAndEndpoint()
    {
        _place = await azurite.FindPlaceAsync();

        var fault = Assert.Throws<InferenceStartupException>(Open().List);

        Assert.StartsWith($"The container {_place.Container.Uri} (Inference:ModelRepository:Blob:Container) cannot be read, and there are no copies in {_cache.Path}: it answers HTTP 404 ContainerNotFound.", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(AzuriteServer.Secret, fault.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void List_CacheHoldsOtherFiles_RefusesToReplaceThem()
    {
        Directory.CreateDirectory(PathOf("mine"));
        File.WriteAllText(PathOf("mine/model.json"), "{}");

        var fault = Assert.Throws<InferenceStartupException>(Open().List);

        Assert.Contains("Set Inference:ModelRepository:Blob:CacheDirectory to another folder", fault.Message, StringComparison.Ordinal);
        Assert.True(File.Exists(PathOf("mine/model.json")));
    }

    private BlobModelRepository Open(string prefix = "") => new(
        new FileModelRepository(Options.Create(new ModelRepositoryOptions { Path = ContainerMirror.Models(_cache.Path) })),
        Options.Create(new BlobRepositoryOptions { ConnectionString = _place.Server.ConnectionString, Container = _place.Name, Prefix = prefix, CacheDirectory = _cache.Path }),
        _time,
        _log.For<BlobModelRepository>());

    private async Task PutAsync(string name, string content) => await _place.Container.GetBlobClient(name).UploadAsync(new BinaryData(content), overwrite: true, TestContext.Current.CancellationToken);

    private string PathOf(string name) => Path.Combine(ContainerMirror.Models(_cache.Path), name);

    private IEnumerable<string> Copied() => Directory.EnumerateFiles(ContainerMirror.Models(_cache.Path), "*", SearchOption.AllDirectories)
        .Select(file => Path.GetRelativePath(ContainerMirror.Models(_cache.Path), file)).Order();
}

using Microsoft.Extensions.Options;
using OrleansInference.Grains;
using OrleansInference.Grains.Models.Repository;
using UnitTests.Fakes;

namespace UnitTests.Grains.Models.Repository;

public sealed class FileModelRepositoryTests : IDisposable
{
    private readonly TestDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void List_ModelsWithVersions_AreReadInOrder()
    {
        Write("fraud/model.json", "fraud/10/model.onnx", "fraud/2/model.onnx", "a.B_c-1/1/model.onnx");

        var models = List();

        Assert.Equal(["a.B_c-1", "fraud"], models.Select(model => model.Name));
        Assert.Equal((null, _directory.PathOf("fraud", "model.json")), (models[0].ManifestFile, models[1].ManifestFile));
        Assert.Equal([(2, _directory.PathOf("fraud", "2", "model.onnx")), (10, _directory.PathOf("fraud", "10", "model.onnx"))], models[1].Versions.Select(version => (version.Key, version.Value.File)));
    }

    [Fact]
    public void List_FoldersAndFilesThatAreNoModel_AreIgnored()
    {
        Write("fraud/1/model.onnx", "fraud/abc/notes.txt", "fraud/v1/model.onnx", "train/make.py", "README.md");

        Assert.Equal([1], Assert.Single(List()).Versions.Keys);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("01")]
    [InlineData("00")]
    public void List_VersionWithALeadingZero_IsRefused(string version)
    {
        Write($"fraud/{version}/model.onnx");

        AssertFault($"{_directory.PathOf("fraud", version)}: a version is an integer from 1, without leading zeros. Rename the folder.");
    }

    [Fact]
    public void List_VersionWithoutAModel_IsRefused()
    {
        Write("fraud/1/readme.txt");

        AssertFault($"{_directory.PathOf("fraud", "1")}: the version has no model.onnx. Add it, or remove the folder.");
    }

    [Fact]
    public void Read_ManifestWithoutAVersion_IsAModelWithoutVersions()
    {
        Write("fraud/model.json");

        Assert.Empty(Assert.Single(List()).Versions);
    }

    [Theory]
    [InlineData("fraud model")]
    [InlineData("-fraud")]
    [InlineData(".fraud")]
    [InlineData("frauд")]
    [InlineData("fraud\n")]
    [InlineData("a23456789b123456789c123456789d123456789e123456789f123456789g12345")]
    public void List_NameThatCannotBeAModels_IsRefused(string name)
    {
        Write($"{name}/1/model.onnx");

        AssertFault($"{_directory.PathOf(name)}: '{name}' cannot be a model's name. Use letters, digits, '.', '_' and '-', beginning with a letter or digit, at most 64.");
    }

    [Fact]
    public void List_Empty_HasNothing() => Assert.Empty(List());

    [Theory]
    [InlineData("")]
    [InlineData("..")]
    [InlineData("../fraud")]
    [InlineData("fraud/1")]
    [InlineData("/etc")]
    [InlineData("none")]
    public void Read_NoFolderOfTheRepository_IsNoModel(string name)
    {
        Write("fraud/1/model.onnx");

        Assert.Null(Repository(_directory.Path).Read(name));
    }

    [Fact]
    public void Read_LinksInsideTheRepository_AreFollowed()
    {
        Write("fraud/1/model.onnx");
        Directory.CreateSymbolicLink(_directory.PathOf("alias"), _directory.PathOf("fraud"));

        Assert.Equal([1], Repository(_directory.Path).Read("alias")!.Versions.Keys);
    }

    [Theory]
    [InlineData("fraud")]
    [InlineData("fraud/1")]
    [InlineData("fraud/1/model.onnx")]
    [InlineData("fraud/model.json")]
    public void Read_LinkOutOfTheRepository_IsRefusedByName(string link)
    {
        Write("outside/1/model.onnx", "outside/model.json", "models/fraud/1/model.onnx", "models/fraud/model.json");
        var (path, target) = (_directory.PathOf("models", link), _directory.PathOf("outside", Path.GetRelativePath("fraud", link)));
        if (Directory.Exists(path)) Directory.Delete(path, recursive: true);
        else File.Delete(path);
        File.CreateSymbolicLink(path, target);

        var fault = Assert.Throws<InferenceStartupException>(() => Repository(_directory.PathOf("models")).Read("fraud")).Message;

        Assert.StartsWith($"{path}: this leads to {Path.TrimEndingDirectorySeparator(Path.GetFullPath(target))}, which is outside the model repository", fault, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_LinkThroughALinkAndBack_IsFoundWhereTheSystemFindsIt()
    {
        Write("elsewhere/deep/note.txt", "secret/1/model.onnx", "models/fraud/model.json", "models/secret/1/model.onnx");
        Directory.CreateSymbolicLink(_directory.PathOf("models", "fraud", "hop"), _directory.PathOf("elsewhere", "deep"));

        // By its letters models/secret/1, in truth secret/1: the parent of where hop leads.
        Directory.CreateSymbolicLink(_directory.PathOf("models", "fraud", "1"), "hop/../../secret/1");

        Assert.Contains(
            $"leads to {_directory.PathOf("secret", "1")}, which is outside",
            Assert.Throws<InferenceStartupException>(() => Repository(_directory.PathOf("models")).Read("fraud")).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Fingerprint_AnyFileOfAVersionChanges_IsAnother()
    {
        Write("fraud/1/model.onnx", "fraud/1/weights.bin", "fraud/notes.txt");
        var before = Repository(_directory.Path).Fingerprint("fraud");

        _directory.Write("fraud/1/weights.bin", "more");

        Assert.NotNull(before);
        Assert.NotEqual(before, Repository(_directory.Path).Fingerprint("fraud"));
    }

    [Fact]
    public void Fingerprint_FilesThatAreNoPartOfTheModel_DoNotCount()
    {
        Write("fraud/1/model.onnx");
        var before = Repository(_directory.Path).Fingerprint("fraud");

        _directory.Write("fraud/categories.csv", "a");

        Assert.Equal(before, Repository(_directory.Path).Fingerprint("fraud"));
        Assert.Null(Repository(_directory.Path).Fingerprint("none"));
    }

    [Fact]
    public void List_Missing_NamesTheSetting() => Assert.Equal(
        $"The model repository {_directory.PathOf("none")} does not exist. Create it, or set Inference:ModelRepository:Path.",
        Assert.Throws<InferenceStartupException>(() => List(_directory.PathOf("none"))).Message);

    private void Write(params string[] files)
    {
        foreach (var file in files) _directory.Write(file, "");
    }

    private IReadOnlyList<StoredModel> List() => List(_directory.Path);

    private static IReadOnlyList<StoredModel> List(string path) => [.. Repository(path).List().Select(name => Repository(path).Read(name)!)];

    private static FileModelRepository Repository(string path) => new(Options.Create(new ModelRepositoryOptions { Path = path }));

    private void AssertFault(string message) => Assert.Equal(message, Assert.Throws<InferenceStartupException>(List).Message);
}

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
        Assert.Equal([(2, _directory.PathOf("fraud", "2", "model.onnx")), (10, _directory.PathOf("fraud", "10", "model.onnx"))], models[1].Versions.Select(version => (version.Key, version.Value)));
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
    public void List_ManifestWithoutAVersion_IsRefused()
    {
        Write("fraud/model.json");

        AssertFault($"{_directory.PathOf("fraud", "model.json")}: the model has no version. Add {_directory.PathOf("fraud", "1", "model.onnx")}, or remove the folder.");
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
    public void List_Empty_SaysHowToAddAModel() => AssertFault(
        $"The model repository {_directory.Path} holds no model. Add one as <model>/<version>/model.onnx, such as {_directory.PathOf("my-model", "1", "model.onnx")}.");

    [Fact]
    public void List_Missing_NamesTheSetting() => Assert.Equal(
        $"The model repository {_directory.PathOf("none")} does not exist. Create it, or set Inference:ModelRepository:Path.",
        Assert.Throws<InferenceStartupException>(() => List(_directory.PathOf("none"))).Message);

    private void Write(params string[] files)
    {
        foreach (var file in files) _directory.Write(file, "");
    }

    private IReadOnlyList<StoredModel> List() => List(_directory.Path);

    private static IReadOnlyList<StoredModel> List(string path) => new FileModelRepository(Options.Create(new ModelRepositoryOptions { Path = path })).List();

    private void AssertFault(string message) => Assert.Equal(message, Assert.Throws<InferenceStartupException>(List).Message);
}

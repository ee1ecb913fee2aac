using OrleansInference.Storage.Azure.Models;

namespace UnitTests.Storage.Azure;

/// <summary>Only names that stay in their place become paths of files.</summary>
public sealed class BlobPathTests
{
    [Theory]
    [InlineData("fraud/1/model.onnx")]
    [InlineData("fraud/model.json")]
    [InlineData("terminals.csv")]
    [InlineData("fraud/1/..data")]
    [InlineData("modèle/1/model.onnx")]
    public void IsInside_PathInTheFolder_IsTaken(string name) => Assert.True(BlobPath.IsInside(name, out _));

    [Theory]
    [InlineData("../x")]
    [InlineData("fraud/../../x")]
    [InlineData("fraud/./x")]
    [InlineData("..")]
    [InlineData("/etc/passwd")]
    [InlineData("fraud//model.onnx")]
    [InlineData("fraud\\..\\..\\x")]
    [InlineData("C:/x")]
    [InlineData("fraud/a\0b")]
    [InlineData("fraud/a\nb")]
    public void IsInside_LeadsElsewhere_IsRefusedWithAReason(string name)
    {
        Assert.False(BlobPath.IsInside(name, out var reason));
        Assert.StartsWith("it has ", reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("fraud/1/model.onnx", "fraud")]
    [InlineData("terminals.csv", "")]
    public void ModelOf_Name_IsItsFirstPart(string name, string model) => Assert.Equal(model, BlobPath.ModelOf(name));
}

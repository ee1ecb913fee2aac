using Microsoft.Extensions.Configuration;
using OrleansInference.Api.Grpc;
using OrleansInference.Api.OpenInference;
using OrleansInference.Grains;
using OrleansInference.Silo;

namespace UnitTests.Silo;

public sealed class KnownSettingsTests
{
    [Theory]
    [InlineData("Inference:Retention:Prediction", "Inference:Retention:Prediction is no setting. Correct or remove it; Inference:Retention has BatchSize, DeadLetters, Delivered, Interval, Pause, Predictions.")]
    [InlineData("Inference:Retenshun:Predictions", "Inference:Retenshun is no setting.")]
    [InlineData("Inference:ModelRepository:Blob:Contaner", "Inference:ModelRepository:Blob:Contaner is no setting.")]
    [InlineData("Inference:Security:ApiKeys", "Inference:Security:ApiKeys is no setting. Correct or remove it; Inference:Security has AllowAnonymous, ApiKey.")]
    [InlineData("Inference:Erasure", "Inference:Erasure is a section and takes no value of its own. Set one of Inference:Erasure:Log.")]
    public void ThrowIfUnknown_MisspeltSetting_NamesItAndWhatThereIs(string setting, string expected)
    {
        var fault = Assert.Throws<InferenceStartupException>(() => KnownSettings.ThrowIfUnknown(Of(setting)));

        Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("a secret", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ThrowIfUnknown_TwoMisspeltSettings_NamesBoth()
    {
        var fault = Assert.Throws<InferenceStartupException>(() => KnownSettings.ThrowIfUnknown(Of("Inference:Moed", "Inference:Users:IdleTimeouts")));

        Assert.Equal(2, fault.Message.Split(Environment.NewLine).Length);
    }

    [Theory]
    [InlineData("inference:retention:PREDICTIONS")]
    [InlineData("Inference:Mode")]
    [InlineData("Inference:Models:MaxLoadedModels")]
    [InlineData("Inference:GrainState:ServiceUri")]
    [InlineData("Inference:FeatureViews:profile:Sql")]
    [InlineData("Logging:LogLevel:Default")]
    public void ThrowIfUnknown_Setting_IsTaken(string setting) => KnownSettings.ThrowIfUnknown(Of(setting));

    [Fact]
    public void ThrowIfUnknown_SettingsOfTheApi_AreAllTaken() => KnownSettings.ThrowIfUnknown(Of(
    [
        .. typeof(GrpcOptions).GetProperties().Select(property => $"{GrpcOptions.Section}:{property.Name}"),
        .. typeof(OpenInferenceOptions).GetProperties().Select(property => $"{OpenInferenceOptions.Section}:{property.Name}"),
    ]));

    [Fact]
    public void ThrowIfUnknown_ShippedFile_IsTaken() =>
        KnownSettings.ThrowIfUnknown(new ConfigurationBuilder().AddJsonFile(Architecture.SourceTree.File("src", "Silo", "appsettings.Cluster.json")).Build());

    private static IConfiguration Of(params string[] settings) =>
        new ConfigurationBuilder().AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting, (string?)"a secret"))).Build();
}

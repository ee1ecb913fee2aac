using MicroBenchmarks;

namespace OrleansInference.SideBySide.Setup;

/// <summary>The models of the comparison, each one file.</summary>
internal static class BenchmarkModels
{
    public const string Fraud = "fraud";
    public const string Small = "mlp-256";
    public const string Large = "mlp-1024";
    public const string Tutorial = "tutorial";

    /// <summary>Some 200 ms of one core for a row.</summary>
    private const int TutorialLayers = 3_700;

    public static IReadOnlyList<string> All { get; } = [Fraud, Small, Large, Tutorial];

    public static string File(Workspace workspace, string model) => Path.Combine(workspace.Models.Files, $"{model}.onnx");

    public static void Write(Workspace workspace)
    {
        Directory.CreateDirectory(workspace.Models.Files);
        // The logistic regression: a model that NumPy runs as easily as ONNX Runtime, so that what is compared is the serving.
        System.IO.File.Copy(Path.Combine(workspace.Root, "models", "fraud", "1", "model.onnx"), File(workspace, Fraud), overwrite: true);
        System.IO.File.WriteAllBytes(File(workspace, Small), MlpModel.Create(32, 256, 256, 1));
        System.IO.File.WriteAllBytes(File(workspace, Large), MlpModel.Create(32, 1024, 1024, 512, 1));
        System.IO.File.WriteAllBytes(File(workspace, Tutorial), MlpModel.CreateLong(32, 1024, TutorialLayers));
        Directory.CreateDirectory(workspace.QuickModels.Files);
        foreach (var model in All.Where(model => model != Tutorial))
            System.IO.File.Copy(File(workspace, model), Path.Combine(workspace.QuickModels.Files, $"{model}.onnx"), overwrite: true);
    }
}

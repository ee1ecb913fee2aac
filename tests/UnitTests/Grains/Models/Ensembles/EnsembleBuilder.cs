using System.Text;
using OrleansInference.Grains.Models.Ensembles;
using OrleansInference.Grains.Models.Manifest;

namespace UnitTests.Grains.Models.Ensembles;

/// <summary>Compiles an ensemble's JSON as a manifest holds it.</summary>
internal static class EnsembleBuilder
{
    public static Task<EnsemblePlan> CompileAsync(IStepModels models, string ensemble)
    {
        var (manifest, faults) = ManifestReader.Read("model.json", Encoding.UTF8.GetBytes($"{{ \"ensemble\": {ensemble} }}"));
        return new EnsembleCompiler("both", manifest.Ensemble!, faults, models).CompileAsync();
    }
}

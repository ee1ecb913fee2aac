using OrleansInference.Grains.Models.Repository;

namespace OrleansInference.Grains.Models.Ensembles;

/// <summary>An ensemble in memory, and what it was planned from, so that it can be planned anew when a step's model changes.</summary>
/// <param name="Plan">How it runs.</param>
/// <param name="Stored">The folder when it was read.</param>
/// <param name="Manifest">The bytes of its <c>model.json</c>.</param>
internal sealed record LoadedEnsemble(EnsemblePlan Plan, StoredModel Stored, byte[] Manifest)
{
    /// <summary>A text that changes with its manifest and with the versions of its steps.</summary>
    public string Fingerprint => $"{FileFingerprint.OfBytes(Manifest)} {Plan.Fingerprint}";
}

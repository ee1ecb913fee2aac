namespace OrleansInference.Grains.Models.Control;

/// <summary>Port to all silos that serve models.</summary>
internal interface IModelSilos
{
    /// <summary>Tells every active silo; answers when all have reported or their time is up.</summary>
    Task<IReadOnlyList<SiloReport>> ApplyAsync(string model, ModelControlState control, bool read);
}

/// <summary>What a silo reported.</summary>
/// <param name="Silo">Its address.</param>
/// <param name="Reason">Why it does not serve as agreed; null when it does.</param>
internal sealed record SiloReport(string Silo, string? Reason);

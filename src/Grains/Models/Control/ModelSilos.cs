using Orleans.Runtime.Services;

namespace OrleansInference.Grains.Models.Control;

/// <summary>Calls each silo's <see cref="ModelSiloService"/>.</summary>
internal sealed class ModelSilos(IServiceProvider services, IGrainFactory grains, TimeProvider time) : GrainServiceClient<IModelSiloService>(services), IModelSilos
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    public async Task<IReadOnlyList<SiloReport>> ApplyAsync(string model, ModelControlState control, bool read)
    {
        var active = await grains.GetGrain<IManagementGrain>(0).GetHosts(onlyActive: true);
        return await Task.WhenAll(active.Keys.Select(silo => ApplyAsync(silo, model, control, read)));
    }

    private async Task<SiloReport> ApplyAsync(SiloAddress silo, string model, ModelControlState control, bool read)
    {
        try
        {
            return new SiloReport(silo.ToString(), await GetGrainService(silo).ApplyAsync(model, control, read).WaitAsync(Patience, time));
        }
        catch (Exception e)
        {
            // Whatever keeps it from answering: the others serve, and it follows when it can.
            return new SiloReport(silo.ToString(), e is TimeoutException ? $"It did not answer within {Patience}." : e.Message);
        }
    }
}

using Orleans.Storage;
using OrleansInference.Grains.Models.Control;
using OrleansInference.Grains.Models.Repository;

namespace OrleansInference.Grains.Models;

/// <summary>What the cluster has agreed on for one model.</summary>
/// <remarks>A change is stored first and told to the silos then: one that was told and forgotten would be worse than one that comes late.</remarks>
[GrainType(TypeName)]
internal sealed class ModelControlGrain(
    StoredStates states, IModelSilos silos, IModelRepository repository, TimeProvider time) : Grain, IModelControlGrain, IModelControlStateGrain
{
    /// <summary>With the model's name, the key of what is stored.</summary>
    public const string TypeName = "model-control";
    public const string StateName = "model-control";

    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    private string Name => this.GetPrimaryKeyString();

    private StoredState<ModelControlState> Stored => field ??= states.Of<ModelControlState>(this, StateName, $"What is agreed on for model {Name}");

    // What is known to be stored: silos ask while a write is under way, and would follow what may never have been agreed on.
    private ModelControlState State { get; set; } = new();

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        await Stored.ReadAsync();
        State = Stored.State;
    }

    public async Task<ModelChange> LoadAsync()
    {
        await ThrowIfUnknownAsync();
        await StoreAsync(Next with { Unloaded = false, Demotions = [] });
        return await TellAsync(read: true);
    }

    public async Task<ModelChange> UnloadAsync()
    {
        await ThrowIfUnknownAsync();
        await StoreAsync(Next with { Unloaded = true });
        return await TellAsync(read: false);
    }

    public Task<ModelControlState> GetAsync() => Task.FromResult(State);

    public async Task<ModelChange> DemoteAsync(int version, string reason)
    {
        // Every silo that sees the canary fail says so; the first is enough.
        if (State.IsDemoted(version)) return new ModelChange(State.Epoch, []);
        await StoreAsync(Next with { Demotions = [.. State.Demotions, new ModelDemotion(version, time.GetUtcNow(), reason)] });
        return await TellAsync(read: false);
    }

    private ModelControlState Next => State with { Epoch = State.Epoch + 1 };

    private async Task ThrowIfUnknownAsync()
    {
        if (await Task.Run(FindFingerprint) is null)
            throw new InferenceException(InferenceErrorCode.NotFound, $"The model repository has no model '{Name}'. Add it as {Name}/1/model.onnx.");
    }

    private string? FindFingerprint()
    {
        try
        {
            repository.Refresh();
            return repository.Fingerprint(Name);
        }
        catch (InferenceStartupException e)
        {
            throw new InferenceException(InferenceErrorCode.StorageUnavailable, e.Message, RetryAfter);
        }
    }

    private async Task StoreAsync(ModelControlState next)
    {
        Stored.State = next;
        try
        {
            await Stored.WriteAsync();
            State = next;
        }
        catch (Exception e)
        {
            // It must not go on from what it believes: another activation has written, or it is not known whether this one has.
            Stored.State = State;
            DeactivateOnIdle();
            if (e is not InconsistentStateException) throw;
            throw new InferenceException(
                InferenceErrorCode.NotReady, $"What is agreed on for model {Name} was changed by another activation meanwhile; nothing was changed now. Retry.", RetryAfter);
        }
    }

    private async Task<ModelChange> TellAsync(bool read)
    {
        var control = State;
        var reports = await silos.ApplyAsync(Name, control, read);
        var lagging = reports.Where(report => report.Reason is not null).Select(report => new LaggingSilo(report.Silo, report.Reason!)).ToArray();
        return lagging.Length == 0 || lagging.Length < reports.Count
            ? new ModelChange(control.Epoch, lagging)
            : throw new InferenceException(InferenceErrorCode.ModelFailed, string.Join(Environment.NewLine, lagging.Select(silo => silo.Reason).Distinct()));
    }
}

using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Providers;
using Orleans.Serialization;
using Orleans.Storage;
using OrleansInference.Grains.Features.Views;

namespace OrleansInference.Grains.Users;

/// <summary>What was pushed for users, in grain storage, apart from their snapshots: a push waits for its write.</summary>
internal sealed class PushStore(
    [FromKeyedServices(ProviderConstants.DEFAULT_STORAGE_PROVIDER_NAME)] IGrainStorage storage, SnapshotOutage outage, Serializer serializer, GrainStateLimit? limit = null)
{
    private readonly UserStates<PushedState> _states = new(storage, outage, "pushed", "pushed features");

    /// <summary>What is kept of a user; at once that it cannot be had, while grain storage is known not to answer.</summary>
    /// <exception cref="InferenceException">StorageUnavailable.</exception>
    public async Task<(Dictionary<string, PushedFeatures> Pushed, string? ETag)> ReadAsync(GrainId user)
    {
        if (outage.IsPausing) throw _states.Unavailable("read");
        var state = await _states.ReadAsync(user);
        return (state.State?.Views ?? [], state.ETag);
    }

    /// <summary>Checks before anything is changed that grain storage takes so much.</summary>
    /// <param name="view">The view that was pushed to.</param>
    /// <param name="pushed">All that would be kept of the user.</param>
    /// <exception cref="InferenceException">InvalidInput: it does not.</exception>
    public void EnsureFits(string view, Dictionary<string, PushedFeatures> pushed)
    {
        if (limit is null || Fits(pushed)) return;
        var (bytes, ofView) = (SizeOf(pushed), SizeOf(new() { [view] = pushed[view] }));
        throw InferenceException.InvalidInput(new FieldError(
            "values",
            string.Create(CultureInfo.InvariantCulture, $"would make what is kept of the user's pushes {bytes} bytes, of which view {view} has {ofView}; {limit.Place} takes {limit.MaxBytes}. Push fewer or shorter values, invalidate views that the user no longer needs, or {limit.Remedy}"),
            null));
    }

    /// <summary>Whether grain storage takes so much.</summary>
    public bool Fits(Dictionary<string, PushedFeatures> pushed) => limit is null || SizeOf(pushed) <= limit.MaxBytes;

    /// <returns>The new etag.</returns>
    /// <exception cref="InconsistentStateException">Another activation has written since.</exception>
    /// <exception cref="InferenceException">StorageUnavailable.</exception>
    public Task<string?> WriteAsync(GrainId user, Dictionary<string, PushedFeatures> pushed, string? etag) =>
        _states.WriteAsync(user, new PushedState { Views = pushed }, etag);

    /// <summary>Removes what is kept of a user, whoever wrote it last.</summary>
    /// <exception cref="InferenceException">StorageUnavailable.</exception>
    public Task ClearAsync(GrainId user) => _states.ClearAsync(user);

    // As it is written.
    private int SizeOf(Dictionary<string, PushedFeatures> pushed) => serializer.SerializeToArray(new PushedState { Views = pushed }).Length;
}

/// <summary>The state as it is stored.</summary>
[GenerateSerializer, Alias("inference.pushed-state")]
internal sealed class PushedState
{
    [Id(0)]
    public Dictionary<string, PushedFeatures> Views { get; set; } = [];
}

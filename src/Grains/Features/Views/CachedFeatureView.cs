namespace OrleansInference.Grains.Features.Views;

/// <summary>One user's values of one view: served from memory while the TTL holds, read once however many ask.</summary>
/// <remarks>Lives in the user's grain: every member runs on its turns, so there is no lock.</remarks>
internal sealed class CachedFeatureView(FeatureView view, string userId, TimeProvider time)
{
    private FeatureRow? _row;
    private Task<FeatureRow>? _query;

    public FeatureView View => view;

    public FeatureRow? Row => _row;

    public TimeSpan Age => _row is null ? TimeSpan.Zero : time.GetElapsedTime(_row.ReadAt);

    public bool IsFresh => _row is not null && Age < view.Options.Ttl;

    public ValueTask<FeatureRow> ReadAsync(CancellationToken cancellationToken) =>
        IsFresh ? new(_row!) : new(JoinQuery().WaitAsync(cancellationToken));

    // The query belongs to all who wait for it: one caller's leaving does not stop it.
    private Task<FeatureRow> JoinQuery()
    {
        if (_query is null)
        {
            var query = QueryAsync();
            if (query.IsCompleted) return query;
            _query = query;
        }

        return _query;
    }

    private async Task<FeatureRow> QueryAsync()
    {
        try
        {
            return _row = await view.QueryAsync(userId);
        }
        finally
        {
            _query = null;
        }
    }
}

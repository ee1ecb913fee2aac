using System.Globalization;
using Orleans.Runtime;
using Orleans.Serialization;
using Orleans.Storage;

namespace OrleansInference.Storage.Sql;

/// <summary>Grain state in one of our databases, in Orleans' own serialisation: state types need <c>[GenerateSerializer]</c>.</summary>
/// <remarks>The etag is the number of the write: whoever writes on another one than the stored has been overtaken.</remarks>
internal sealed class SqlGrainStorage(SqlDatabase database, Serializer serializer, TimeProvider time) : IGrainStorage
{
    private const string Select = "SELECT etag, body FROM grain_state WHERE name = @name AND grain = @grain";

    private const string Insert =
        "INSERT INTO grain_state (name, grain, etag, body, written_at) VALUES (@name, @grain, 1, @body, @at) ON CONFLICT DO NOTHING";

    private const string Update =
        "UPDATE grain_state SET etag = etag + 1, body = @body, written_at = @at WHERE name = @name AND grain = @grain AND etag = @etag";

    private const string Delete = "DELETE FROM grain_state WHERE name = @name AND grain = @grain AND etag = @etag";

    public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var stored = await database.ReadAsync(session => session.Statement(Select)
            .Set("@name", stateName)
            .Set("@grain", grainId.ToString())
            .ReadFirstAsync(row => new StoredState(row.Long(0).ToString(CultureInfo.InvariantCulture), row.Bytes(1)), null));
        grainState.State = stored is { Body: var body } ? serializer.Deserialize<T>(body) : Activator.CreateInstance<T>();
        grainState.ETag = stored?.ETag;
        grainState.RecordExists = stored is not null;
    }

    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        await ApplyAsync(stateName, grainId, grainState.ETag, serializer.SerializeToArray(grainState.State));
        grainState.ETag = Next(grainState.ETag);
        grainState.RecordExists = true;
    }

    public async Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        if (grainState.ETag is not null) await ApplyAsync(stateName, grainId, grainState.ETag, body: null);
        grainState.State = Activator.CreateInstance<T>();
        grainState.ETag = null;
        grainState.RecordExists = false;
    }

    private async Task ApplyAsync(string stateName, GrainId grainId, string? etag, byte[]? body)
    {
        if (await database.WriteAsync(session => WriteAsync(session, stateName, grainId.ToString(), etag, body)) > 0) return;
        throw new InconsistentStateException($"The state {stateName} of {grainId} is not at write {etag ?? "none"} any more: another activation has written it.");
    }

    private ValueTask<int> WriteAsync(SqlSession session, string name, string grain, string? etag, byte[]? body)
    {
        var statement = session.Statement(body is null ? Delete : etag is null ? Insert : Update).Set("@name", name).Set("@grain", grain);
        if (etag is not null) statement.Set("@etag", long.Parse(etag, CultureInfo.InvariantCulture));
        if (body is not null) statement.Set("@body", body).Set("@at", time.GetUtcNow());
        return statement.ExecuteAsync();
    }

    private static string Next(string? etag) =>
        (etag is null ? 1 : long.Parse(etag, CultureInfo.InvariantCulture) + 1).ToString(CultureInfo.InvariantCulture);

    private sealed record StoredState(string ETag, byte[] Body);
}

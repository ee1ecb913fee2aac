using System.Globalization;
using Orleans.Runtime;
using Orleans.Serialization;
using Orleans.Storage;

namespace OrleansInference.Storage.Sql;

/// <summary>Grain state in the embedded database, in Orleans' own serialisation: state types need <c>[GenerateSerializer]</c>.</summary>
/// <remarks>The etag is the number of the write: whoever writes on another one than the stored has been overtaken.</remarks>
internal sealed class SqliteGrainStorage(SqliteWriter writer, SqliteReaders readers, InferenceDatabase database, Serializer serializer, TimeProvider time) : IGrainStorage
{
    private const string Select = "SELECT etag, body FROM grain_state WHERE name = @name AND grain = @grain";

    private static readonly TimeSpan ReadTimeout = TimeSpan.FromSeconds(5);

    public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var stored = await readers.ReadAsync(database.ConnectionString, connection => Read(connection, stateName, grainId.ToString()), ReadTimeout);
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
        if (await writer.EnqueueAsync(new GrainStateWrite(stateName, grainId.ToString(), etag, body, time.GetUtcNow())) > 0) return;
        throw new InconsistentStateException($"The state {stateName} of {grainId} is not at write {etag ?? "none"} any more: another activation has written it.");
    }

    private static StoredState? Read(ReaderConnection connection, string name, string grain)
    {
        var command = connection.Command(Select);
        command.Set("@name", name);
        command.Set("@grain", grain);
        using var row = command.ExecuteReader();
        return row.Read() ? new StoredState(row.GetInt64(0).ToString(CultureInfo.InvariantCulture), (byte[])row.GetValue(1)) : null;
    }

    private static string Next(string? etag) =>
        (etag is null ? 1 : long.Parse(etag, CultureInfo.InvariantCulture) + 1).ToString(CultureInfo.InvariantCulture);

    private sealed record StoredState(string ETag, byte[] Body);
}

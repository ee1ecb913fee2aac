using System.Globalization;

namespace OrleansInference.Storage.Sql;

/// <summary>A grain's state: written, or cleared where there is no body. No row is touched when the etag is not the stored one's.</summary>
internal sealed class GrainStateWrite(string name, string grain, string? etag, byte[]? body, DateTimeOffset at) : SqliteWrite
{
    private const string Insert =
        "INSERT INTO grain_state (name, grain, etag, body, written_at) VALUES (@name, @grain, 1, @body, @at) ON CONFLICT DO NOTHING";

    private const string Update =
        "UPDATE grain_state SET etag = etag + 1, body = @body, written_at = @at WHERE name = @name AND grain = @grain AND etag = @etag";

    private const string Delete = "DELETE FROM grain_state WHERE name = @name AND grain = @grain AND etag = @etag";

    protected override int Apply(WriterConnection connection)
    {
        var command = connection.Command(body is null ? Delete : etag is null ? Insert : Update);
        command.Set("@name", name);
        command.Set("@grain", grain);
        if (etag is not null) command.Set("@etag", long.Parse(etag, CultureInfo.InvariantCulture));
        if (body is not null)
        {
            command.Set("@body", body);
            command.Set("@at", at.ToUnixTimeMilliseconds());
        }

        return command.ExecuteNonQuery();
    }
}

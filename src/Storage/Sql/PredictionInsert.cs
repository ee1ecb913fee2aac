using System.Text;
using Microsoft.Data.Sqlite;
using OrleansInference.Grains.PostProcessing;
using SQLitePCL;

namespace OrleansInference.Storage.Sql;

/// <summary>The statement that is executed for every record: prepared once, its parameters bound by place.</summary>
/// <remarks>Past the driver, which looks each parameter up by its name and boxes its value every time: see docs/benchmarks.md. One thread only.</remarks>
internal sealed class PredictionInsert : IDisposable
{
    private const string Sql =
        """
        INSERT INTO predictions (id, "user", seq, model, version, variant, request_key, created_at, event, body)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
        ON CONFLICT DO NOTHING
        """;

    // Most texts are shorter.
    private const int BytesOnStack = 512;

    private readonly sqlite3 _database;
    private readonly sqlite3_stmt _statement;

    public PredictionInsert(sqlite3 database)
    {
        _database = database;
        Check(raw.sqlite3_prepare_v3(database, Sql, raw.SQLITE_PREPARE_PERSISTENT, out _statement));
    }

    /// <summary>Whether the record was written; not where its id, its number or its key is taken.</summary>
    public bool Execute(PredictionRecord record)
    {
        Span<byte> id = stackalloc byte[16];
        record.Id.TryWriteBytes(id, bigEndian: true, out _);
        Check(raw.sqlite3_bind_blob(_statement, 1, id));
        Bind(2, record.User);
        Bind(3, record.Sequence);
        Bind(4, record.Model);
        Bind(5, record.Version);
        Bind(6, (int)record.Variant);
        Bind(7, record.IdempotencyKey);
        Bind(8, record.CreatedAt.ToUnixTimeMilliseconds());
        Bind(9, record.IsEvent ? 1 : 0);
        Check(raw.sqlite3_bind_blob(_statement, 10, record.Body));
        var code = raw.sqlite3_step(_statement);

        // It says again what the step said.
        raw.sqlite3_reset(_statement);
        Check(code);
        return raw.sqlite3_changes(_database) > 0;
    }

    public void Dispose() => _statement.Dispose();

    private void Bind(int place, long value) => Check(raw.sqlite3_bind_int64(_statement, place, value));

    private void Bind(int place, string? text)
    {
        if (text is null)
        {
            Check(raw.sqlite3_bind_null(_statement, place));
            return;
        }

        // An empty span has no address, which would be a null.
        if (text.Length is 0 or > BytesOnStack / 3)
        {
            Check(raw.sqlite3_bind_text(_statement, place, text));
            return;
        }

        Span<byte> utf8 = stackalloc byte[BytesOnStack];
        Check(raw.sqlite3_bind_text(_statement, place, utf8[..Encoding.UTF8.GetBytes(text, utf8)]));
    }

    private void Check(int code) => SqliteException.ThrowExceptionForRC(code, _database);
}

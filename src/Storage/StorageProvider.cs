namespace OrleansInference.Storage;

/// <summary>A database that can keep what the program writes.</summary>
public enum StorageProvider
{
    /// <summary>The embedded database under the data directory: one process alone.</summary>
    Sqlite,

    /// <summary>A server that all silos share.</summary>
    PostgreSql,
}

namespace OrleansInference.Storage;

/// <summary>Where grain state is kept.</summary>
public enum GrainStateProvider
{
    /// <summary>In the embedded database under the data directory: one process alone.</summary>
    Sqlite,

    /// <summary>In the log's PostgreSQL, which all silos share.</summary>
    PostgreSql,

    /// <summary>In a table of an Azure storage account.</summary>
    AzureTable,

    /// <summary>In a blob container of an Azure storage account.</summary>
    AzureBlob,
}

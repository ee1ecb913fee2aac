namespace OrleansInference.Storage.Azure.GrainState;

/// <summary>Where grain state is kept.</summary>
public enum GrainStateProvider
{
    /// <summary>In the embedded database under the data directory.</summary>
    Sqlite,

    /// <summary>In a table of an Azure storage account.</summary>
    AzureTable,

    /// <summary>In a blob container of an Azure storage account.</summary>
    AzureBlob,
}

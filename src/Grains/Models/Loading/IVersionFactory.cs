using OrleansInference.Grains.Models.Batching;

namespace OrleansInference.Grains.Models.Loading;

/// <summary>Makes a served version from a file: session, batcher and what else stands around them.</summary>
internal interface IVersionFactory
{
    /// <summary>Blocks while the file is read.</summary>
    /// <exception cref="InferenceStartupException">The file is no model that can be served; the message says why.</exception>
    IServedVersion Load(string model, int version, string file, BatchingOptions batching, TaskScheduler scheduler);
}

using IntegrationTests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using OrleansInference;
using OrleansInference.Grains.Models.Sessions;

namespace IntegrationTests;

/// <summary>More models in the folder than may be in memory.</summary>
public sealed class ModelResidencyTests : IDisposable
{
    private const int Models = 1_000;
    private const int Limit = 10;

    private readonly TestDirectory _directory = new();
    private readonly CountingSessions _sessions = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Infer_ThousandModelsWithALimitOfTen_EachAnswersAndNeverMoreThanTenAreInMemory()
    {
        for (var i = 0; i < Models; i++) TestModels.CopyIdentity(_directory.File("models"), $"m{i}");
        await using var server = await InProcessServer.StartAsync(
            _directory,
            [$"Inference:ModelRepository:Path={_directory.File("models")}", $"Inference:Models:MaxLoadedModels={Limit}"],
            services => services.AddSingleton<IModelSessionFactory>(_sessions));
        Assert.Equal(0, _sessions.Loads);

        await Parallel.ForEachAsync(Enumerable.Range(0, Models), new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (i, _) =>
        {
            var answer = await server.Client.InferIdentityAsync($"m{i}", value: i);
            Assert.Equal([i, i, i, i], answer.Outputs[0].Elements<float>().ToArray());
        });
        var index = await server.Client.ListModelsAsync();

        Assert.Equal((Models, Limit), (_sessions.Loads, _sessions.MostResident));
        Assert.Equal(Models, index.Count);
        Assert.InRange(index.Count(entry => entry.State is ModelState.Ready), 1, Limit);
        Assert.True(await server.Client.IsReadyAsync());
    }
}

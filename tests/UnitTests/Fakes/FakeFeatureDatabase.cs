using OrleansInference.Grains.Features;
using OrleansInference.Grains.Features.Views;

namespace UnitTests.Fakes;

/// <summary>A database that answers what the test says: at once, or when the test completes <see cref="Answer"/>.</summary>
internal sealed class FakeFeatureDatabase : IFeatureDatabase
{
    public int Queries { get; private set; }

    /// <summary>Queries that have not been answered yet.</summary>
    public int UnderWay { get; private set; }

    /// <summary>What the next queries answer: the values, or no row.</summary>
    public Func<Task<FeatureValue[]?>> Answer { get; set; } = () => Task.FromResult<FeatureValue[]?>(null);

    /// <summary>The event time of the rows.</summary>
    public DateTimeOffset? EventTime { get; set; }

    public async Task<IReadOnlyDictionary<string, StoredRow>> QueryAsync(FeatureView view, IReadOnlyList<string> userIds)
    {
        Queries++;
        UnderWay++;
        try
        {
            return await Answer() is { } values ? userIds.ToDictionary(id => id, _ => new StoredRow([.. values], EventTime)) : new Dictionary<string, StoredRow>();
        }
        finally
        {
            UnderWay--;
        }
    }

    public Task CheckAsync(FeatureView view) => Task.CompletedTask;
}

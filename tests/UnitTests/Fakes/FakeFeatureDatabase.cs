using OrleansInference.Grains.Features;
using OrleansInference.Grains.Features.Views;

namespace UnitTests.Fakes;

/// <summary>A database that answers what the test says: at once, or when the test completes <see cref="Answer"/>.</summary>
internal sealed class FakeFeatureDatabase : IFeatureDatabase
{
    public int Queries { get; private set; }

    /// <summary>What the next queries answer.</summary>
    public Func<Task<FeatureValue[]?>> Answer { get; set; } = () => Task.FromResult<FeatureValue[]?>(null);

    public Task<FeatureValue[]?> QueryAsync(FeatureView view, string userId)
    {
        Queries++;
        return Answer();
    }
}

using OrleansInference.Grains.Features.Windows;

namespace UnitTests.Fakes;

/// <summary>Past events as the test has them.</summary>
internal sealed class FakeEventHistory : IEventHistory
{
    public List<WindowEvent> Events { get; } = [];

    public List<(DateTimeOffset Since, DateTimeOffset Until)> Reads { get; } = [];

    /// <summary>What a read waits for.</summary>
    public Func<Task> OnRead { get; set; } = () => Task.CompletedTask;

    public async Task<IReadOnlyList<WindowEvent>> ReadAsync(WindowView view, string userId, DateTimeOffset since, DateTimeOffset until)
    {
        Reads.Add((since, until));
        await OnRead();
        return Events;
    }
}

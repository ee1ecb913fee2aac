using System.Globalization;

namespace OrleansInference;

/// <summary>Hands each call to the outbox's grain.</summary>
internal sealed class OutboxClient(IGrainFactory grains) : IOutboxClient
{
    public async Task<IReadOnlyList<DeadLetter>> ListDeadLettersAsync(string? target = null, long? before = null, int most = 100) =>
        most is >= 1 and <= IOutboxClient.MostDeadLetters
            ? await Outbox().ListDeadLettersAsync(target, before, most)
            : throw InferenceException.InvalidInput(new FieldError(
                "limit", string.Create(CultureInfo.InvariantCulture, $"must be from 1 to {IOutboxClient.MostDeadLetters}"), most.ToString(CultureInfo.InvariantCulture)));

    public Task ResendAsync(string messageId) => Outbox().ResendAsync(messageId);

    private IOutboxGrain Outbox() => grains.GetGrain<IOutboxGrain>(IOutboxGrain.Key);
}

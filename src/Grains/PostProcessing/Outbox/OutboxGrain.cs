using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using OrleansInference.Grains.Diagnostics;

namespace OrleansInference.Grains.PostProcessing.Outbox;

/// <summary>Shows dead letters to callers outside the silo and sends them again.</summary>
[StatelessWorker(1), Reentrant, GrainType("outbox")]
internal sealed partial class OutboxGrain(IOutbox outbox, ILogger<OutboxGrain> logger) : Grain, IOutboxGrain
{
    public async Task<IReadOnlyList<DeadLetter>> ListDeadLettersAsync(string? target, long? before, int most) =>
        [.. (await outbox.ListDeadAsync(target, before, most, CancellationToken.None)).Select(ToDeadLetter)];

    public async Task ResendAsync(string messageId)
    {
        var outcome = await outbox.ResendAsync(messageId, CancellationToken.None);
        if (outcome is not ResendOutcome.Due) throw Refuse(messageId, outcome);
        LogResent(messageId);
    }

    private static DeadLetter ToDeadLetter(DeadMessage message) => new()
    {
        MessageId = message.MessageId,
        Position = message.Position,
        PredictionId = message.PredictionId,
        UserId = UserKey.ToUserId(message.User),
        Kind = message.Kind,
        Target = message.Target,
        Attempts = message.Attempts,
        CreatedAt = message.CreatedAt,
        DiedAt = message.DiedAt,
        LastError = message.LastError,
    };

    private static InferenceException Refuse(string messageId, ResendOutcome outcome)
    {
        var quoted = FieldError.Quote(messageId);
        if (outcome is ResendOutcome.Unknown)
            return new InferenceException(InferenceErrorCode.NotFound, $"There is no message '{quoted}'. It was never written, was erased, or was kept for its time (Inference:Retention).");
        var state = outcome is ResendOutcome.Delivered ? "was delivered" : "waits for its delivery";
        return InferenceException.InvalidInput(new FieldError("id", $"names a message that {state}. Only a dead letter can be sent again", ((RequestValue)messageId).ToDisplay()));
    }

    [LoggerMessage(EventIds.MessageResent, LogLevel.Information, "Dead letter {MessageId} is sent again")]
    private partial void LogResent(string messageId);
}

using OrleansInference.Grains.PostProcessing;
using OrleansInference.Grains.PostProcessing.Outbox;

namespace OrleansInference.Grains.Users;

/// <summary>What the journals of all users share.</summary>
internal sealed record UserJournalServices(IPredictionLog Log, IOutbox Outbox, TimeProvider Time);

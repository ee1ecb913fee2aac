using System.ComponentModel;
using System.Text.Json.Serialization;

namespace OrleansInference.Api.Endpoints;

/// <summary>Dead letters.</summary>
internal sealed record DeadLettersBody(
    [property: JsonPropertyName("dead_letters")] IReadOnlyList<DeadLetterBody> DeadLetters,
    [property: JsonPropertyName("next"), Description("Send it as before to go on; null at the end.")] long? Next);

/// <summary>A message that was given up.</summary>
internal sealed record DeadLetterBody(
    [property: JsonPropertyName("message_id"), Description("Its id, which is its key at the receiver.")] string MessageId,
    [property: JsonPropertyName("prediction_id")] Guid PredictionId,
    [property: JsonPropertyName("user_id")] string UserId,
    [property: JsonPropertyName("kind"), Description("alert or workflow.")] string Kind,
    [property: JsonPropertyName("target"), Description("The webhook, by its name in the configuration.")] string Target,
    [property: JsonPropertyName("attempts"), Description("How often its delivery was tried.")] int Attempts,
    [property: JsonPropertyName("created_at"), Description("When the prediction was recorded.")] DateTime CreatedAt,
    [property: JsonPropertyName("died_at"), Description("When it was given up.")] DateTime DiedAt,
    [property: JsonPropertyName("last_error"), Description("Why the last attempt failed.")] string LastError);

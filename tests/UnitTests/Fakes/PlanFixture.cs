using Microsoft.Extensions.Time.Testing;
using OrleansInference;
using OrleansInference.Grains.Features;
using OrleansInference.Grains.Models.Planning;
using OrleansInference.Grains.PostProcessing;
using OrleansInference.Grains.Users;

namespace UnitTests.Fakes;

/// <summary>A small model with one number and one text in its request, and drafts of its predictions.</summary>
internal sealed class PlanFixture
{
    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 4, 1, 12, 0, 0, TimeSpan.Zero));

    public PredictPlan Plan { get; init; } = new()
    {
        Model = "fraud",
        Request = new RequestContract(
            "fraud",
            [
                new DeclaredField { Name = "amount", Type = DeclaredFieldType.Number },
                new DeclaredField { Name = "terminal_id", Alias = "raw_feature", Type = DeclaredFieldType.Text },
            ]),
        Sources = [],
        Schema = FeatureSchema.Of(["request.amount", "request.terminal_id"]),
        Defaults = [],
        Inputs = [],
        Output = new PlannedOutput("fraud", "y", 0),
        Info = new PlannedInfo(null, "none"),
        Rules = [],
        Deadline = TimeSpan.FromSeconds(1),
    };

    public static PredictionRequest Request(double amount = 12.5, string? key = null) => new()
    {
        PredictionId = Guid.CreateVersion7(),
        UserId = "42",
        IdempotencyKey = key,
        Fields = [new RequestField("amount", amount), new RequestField("raw_feature", "3156")],
    };

    public PredictionDraft Draft(PredictionRequest request, double answer = 0.25)
    {
        var bound = Plan.Bind(request, Time.GetUtcNow());
        return Draft(request, bound, new FeatureVector(Plan, bound, [], Time), answer);
    }

    public PredictionDraft Draft(PredictionRequest request, BoundRequest bound, FeatureVector features, double answer = 0.25)
    {
        return new PredictionDraft
        {
            Plan = Plan,
            Request = request,
            Bound = bound,
            Features = features,
            Inference = new InferenceResponse { Version = 2, Outputs = [Tensor.Create<float>("y", TensorDatatype.FP32, [1], [(float)answer])] },
            Prediction = new Prediction { PredictionId = request.PredictionId, Value = answer, Info = "none", Model = "fraud", ModelVersion = 2, Degraded = false },
            Times = new PredictionTimes(bound.At, TimeSpan.Zero, TimeSpan.Zero, TimeSpan.Zero),
        };
    }

    /// <summary>Appends a prediction for which the order of the user's events does not matter.</summary>
    public static Task<AppendOutcome> AppendAsync(UserJournal journal, PredictionDraft draft) => AppendUntilAsync(journal, draft, CancellationToken.None);

    /// <summary>The same for a caller who leaves.</summary>
    public static Task<AppendOutcome> AppendUntilAsync(UserJournal journal, PredictionDraft draft, CancellationToken left) =>
        journal.AppendAsync(draft, new Admission(null, draft.Bound, null), left);

    public PredictionRecord Record(PredictionRequest request, string user = "-!42", double answer = 0.25, long sequence = 1) =>
        Draft(request, answer).ToRecord(user, sequence, new RecordChain(), [], Time.GetUtcNow());
}

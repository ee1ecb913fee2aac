using OrleansInference;
using OrleansInference.Api.Json;

namespace UnitTests.Api;

public sealed class MalformedInstancesTests
{
    private static readonly PredictionRequest Request = new() { UserId = "", Model = "fraud" };
    private static readonly FieldError Missing = new("user_id", "is required (an integer or a string)", null);
    private static readonly FieldError Other = new("amount", "must be a number", "true");

    [Fact]
    public async Task ToFailureAsync_ModelAnswers_TellsItsFaultsToo()
    {
        var failure = await new MalformedInstances(new FakeInferenceClient(Other)).ToFailureAsync(Request, [Missing]);

        Assert.Equal([Missing, Other], failure.Fields);
    }

    [Fact]
    public async Task ToFailureAsync_ModelCannotBeAsked_TellsTheReadersFaultsAndAsksNoMore()
    {
        var asked = 0;
        var client = new FakeInferenceClient
        {
            OnValidate = () =>
            {
                asked++;
                throw new TimeoutException("The silo did not answer.");
            },
        };
        var instances = new MalformedInstances(client);

        InferenceException[] failures = [await instances.ToFailureAsync(Request, [Missing]), await instances.ToFailureAsync(Request, [Other])];

        Assert.All(failures, failure => Assert.Equal(InferenceErrorCode.InvalidInput, failure.Code));
        Assert.Equal([Missing, Other], failures.Select(failure => Assert.Single(failure.Fields)));
        Assert.Equal(1, asked);
    }
}

using OrleansInference;

namespace IntegrationTests.Serving.Differential;

/// <summary>.NET, in the server's process or outside it.</summary>
internal sealed class ClientWire(string name, IInferenceClient client) : IWire
{
    public string Name => name;

    public async Task<Outcome> AskAsync(RandomRequest request)
    {
        try
        {
            var answer = await client.InferAsync(request.Model, new InferenceRequest { Version = request.Version, Inputs = request.Inputs }, TestContext.Current.CancellationToken);
            return Outcomes.Answered($"{answer.Version}", answer.Outputs);
        }
        catch (InferenceException e)
        {
            return Outcomes.Failed(e.Code);
        }
    }
}

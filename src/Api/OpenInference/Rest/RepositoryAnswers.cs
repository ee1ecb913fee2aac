using System.Globalization;

namespace OrleansInference.Api.OpenInference.Rest;

/// <summary>The model repository extension: what there is, and loading and unloading it.</summary>
internal static class RepositoryAnswers
{
    public static async Task<IEnumerable<IndexEntryBody>> IndexAsync(HttpContext context, IInferenceClient client)
    {
        BodyHeaders.ThrowIfNotJson(context.Request);
        var readyOnly = await RequestBody.ReadAsync(context.Request, 0, static (body, _) => RepositoryBodyReader.ReadIndex(body));
        return (await client.ListModelsAsync()).Where(entry => !readyOnly || entry.State is ModelState.Ready).Select(ToBody);
    }

    public static async Task<IResult> LoadAsync(string model, HttpContext context, IInferenceClient client)
    {
        await CheckAsync(context.Request);
        return Answer(model, await client.LoadModelAsync(model));
    }

    public static async Task<IResult> UnloadAsync(string model, HttpContext context, IInferenceClient client)
    {
        await CheckAsync(context.Request);
        return Answer(model, await client.UnloadModelAsync(model));
    }

    private static async ValueTask CheckAsync(HttpRequest request)
    {
        BodyHeaders.ThrowIfNotJson(request);
        await RequestBody.ReadAsync(request, 0, static (body, _) => RepositoryBodyReader.ReadChange(body));
    }

    // Clients look at the status alone: where a silo lags, the change is made but not done, and they had better know.
    private static IResult Answer(string model, ModelChange change)
    {
        var lagging = change.LaggingSilos.Select(silo => new LaggingSiloBody(silo.Silo, silo.Reason)).ToArray();
        if (lagging.Length == 0) return Results.Json(new ChangeBody(change.Epoch, lagging));

        var error = $"Change {change.Epoch} of model '{model}' is made, but not yet in effect on {string.Join(", ", lagging.Select(silo => $"{silo.Silo} ({silo.Reason})"))}. The silos follow by themselves; POST /v2/repository/index tells the state.";
        return Results.Json(new ChangeBody(change.Epoch, lagging, error), statusCode: StatusCodes.Status503ServiceUnavailable);
    }

    private static IndexEntryBody ToBody(ModelIndexEntry entry) => new(
        entry.Name,
        entry.Version?.ToString(CultureInfo.InvariantCulture),
        ModelStates.NameOf(entry.State),
        entry.Reason);
}

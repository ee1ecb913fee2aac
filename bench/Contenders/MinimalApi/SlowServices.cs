namespace MinimalApi;

/// <summary>The tutorial's database and external service, asked at the same time.</summary>
internal sealed class SlowServices(HttpClient client)
{
    public async Task<(float Value, string Info)> AskAsync(string feature)
    {
        var value = client.GetFromJsonAsync<DatabaseRow>($"/database?raw_feature={Uri.EscapeDataString(feature)}");
        var info = client.GetFromJsonAsync<ServiceAnswer>($"/info?raw_feature={Uri.EscapeDataString(feature)}");
        await Task.WhenAll(value, info);
        return ((await value)!.Value, (await info)!.Info);
    }

    private sealed record DatabaseRow(float Value);

    private sealed record ServiceAnswer(string Info);
}

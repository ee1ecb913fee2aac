using Microsoft.Extensions.Configuration.Json;
using Microsoft.Extensions.Configuration.Memory;

namespace OrleansInference.Api.Demo;

/// <summary>The settings that the demo's models need: <c>demo.json</c> and the addresses of its services.</summary>
internal static class DemoConfiguration
{
    /// <summary>Puts them before every other source, so that whatever the user sets wins.</summary>
    public static void Apply(IConfigurationManager configuration, Uri risk, Uri webhooks, Uri info)
    {
        configuration.Sources.Insert(0, new MemoryConfigurationSource
        {
            InitialData =
            [
                new("Inference:ExternalServices:terminal_risk:BaseAddress", risk.ToString()),
                new("Inference:ExternalServices:tutorial_info:BaseAddress", info.ToString()),
                new("Inference:Webhooks:fraud-desk:Url", new Uri(webhooks, "alerts").ToString()),
                new("Inference:Webhooks:case-review:Url", new Uri(webhooks, "workflows").ToString()),
            ],
        });
        configuration.Sources.Insert(0, new JsonStreamConfigurationSource
        {
            Stream = typeof(DemoConfiguration).Assembly.GetManifestResourceStream("demo.json")!,
        });
    }
}

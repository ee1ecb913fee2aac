using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http;
using Microsoft.Extensions.Options;

namespace OrleansInference.Grains.Features.External;

/// <summary>The HTTP clients of external services: each service has connections of its own.</summary>
internal sealed class ExternalClients : IConfigureNamedOptions<HttpClientFactoryOptions>
{
    private const string Prefix = "OrleansInference.ExternalServices.";

    public static string NameOf(string service) => Prefix + service;

    public void Configure(string? name, HttpClientFactoryOptions options)
    {
        if (name?.StartsWith(Prefix, StringComparison.Ordinal) is not true) return;
        options.HttpMessageHandlerBuilderActions.Add(builder => builder.PrimaryHandler = Find(builder.Services, name[Prefix.Length..]).CreateHandler());
        options.HttpClientActions.Add(client => client.Timeout = Timeout.InfiniteTimeSpan);
        options.ShouldRedactHeaderValue = _ => true;
    }

    public void Configure(HttpClientFactoryOptions options)
    {
    }

    private static ExternalService Find(IServiceProvider provider, string service) => (ExternalService)provider.GetRequiredService<FeatureSources>().Find(service)!;
}

using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace OrleansInference.Grains.Users;

/// <summary>Tells Orleans when users leave memory.</summary>
internal sealed class UserCollection(IOptions<UserOptions> users) : IPostConfigureOptions<GrainCollectionOptions>
{
    public void PostConfigure(string? name, GrainCollectionOptions options)
    {
        options.ClassSpecificCollectionAge[typeof(UserGrain).FullName!] = users.Value.IdleTimeout;

        // How often it looks; it must be shorter than every age.
        if (options.CollectionQuantum >= users.Value.IdleTimeout) options.CollectionQuantum = users.Value.IdleTimeout / 2;
    }
}

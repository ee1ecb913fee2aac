using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;

namespace OrleansInference.Api;

/// <summary>Takes the addresses of <c>--urls</c> away from the host before Kestrel sees them.</summary>
/// <remarks><see cref="ListenAddresses"/> has read them; left in place, they make Kestrel warn that the declared endpoints override them.</remarks>
internal sealed class DeclaredEndpointsOnly : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.ServerFeatures.GetRequiredFeature<IServerAddressesFeature>().Addresses.Clear();
        next(app);
    };
}

using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace OrleansInference.Api;

/// <summary>Tells the addresses of REST from those of gRPC once the server has them, whatever free ports it found.</summary>
/// <param name="RestEndpoints">How many of the addresses are REST's; they come first.</param>
internal sealed record ListenPlan(int RestEndpoints)
{
    public static IReadOnlyList<string> RestAddresses(IServiceProvider services) => [.. Addresses(services).Take(Of(services).RestEndpoints)];

    /// <summary>Empty where gRPC is off.</summary>
    public static IReadOnlyList<string> GrpcAddresses(IServiceProvider services) => [.. Addresses(services).Skip(Of(services).RestEndpoints)];

    private static ListenPlan Of(IServiceProvider services) => services.GetRequiredService<ListenPlan>();

    private static ICollection<string> Addresses(IServiceProvider services) =>
        services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
}

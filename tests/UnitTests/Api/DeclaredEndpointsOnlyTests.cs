using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using OrleansInference.Api;

namespace UnitTests.Api;

public sealed class DeclaredEndpointsOnlyTests
{
    [Fact]
    public void Configure_UrlsAreSet_LeavesNoneToOverride()
    {
        var addresses = new Addresses();
        var features = new FeatureCollection();
        features.Set<IServerAddressesFeature>(addresses);
        var nextRan = false;

        new DeclaredEndpointsOnly().Configure(_ => nextRan = true)(new ApplicationBuilder(new ServiceCollection().BuildServiceProvider(), features));

        Assert.Empty(addresses.Urls);
        Assert.True(nextRan);
    }

    private sealed class Addresses : IServerAddressesFeature
    {
        ICollection<string> IServerAddressesFeature.Addresses => Urls;

        public List<string> Urls { get; } = ["http://127.0.0.1:8080"];

        public bool PreferHostingUrls { get; set; }
    }
}

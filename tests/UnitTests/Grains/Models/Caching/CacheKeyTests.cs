using OrleansInference;
using OrleansInference.Grains.Models.Caching;

namespace UnitTests.Grains.Models.Caching;

public sealed class CacheKeyTests
{
    private static readonly Tensor X = Tensor.Create("x", TensorDatatype.FP32, [2, 1], [1f, 2f]);

    public static TheoryData<InferenceRequest> Others => new()
    {
        Request(X with { Name = "y" }),
        Request(X with { Datatype = TensorDatatype.INT32 }),
        Request(X with { Shape = [1, 2] }),
        Request(X with { Shape = [2] }),
        Request(Tensor.Create("x", TensorDatatype.FP32, [2, 1], [1f, 3f])),
        Request(X, X),
        Request(),
        Request(X) with { Outputs = ["y"] },
        Request(X) with { Outputs = [] },
    };

    [Fact]
    public void Of_EqualRequests_IsTheSame() => Assert.Equal(
        CacheKey.Of(1, Request(X)), CacheKey.Of(1, Request(Tensor.Create("x", TensorDatatype.FP32, [2, 1], [1f, 2f]))));

    [Theory, MemberData(nameof(Others), DisableDiscoveryEnumeration = true)]
    public void Of_AnotherRequest_IsAnother(InferenceRequest other) => Assert.NotEqual(CacheKey.Of(1, Request(X)), CacheKey.Of(1, other));

    [Fact]
    public void Of_AnotherVersion_IsAnother() => Assert.NotEqual(CacheKey.Of(1, Request(X)), CacheKey.Of(2, Request(X)));

    [Fact]
    public void Of_OutputsInAnotherOrder_IsAnother() => Assert.NotEqual(
        CacheKey.Of(1, Request(X) with { Outputs = ["a", "b"] }), CacheKey.Of(1, Request(X) with { Outputs = ["b", "a"] }));

    [Fact]
    public void Of_APartThatMovesToItsNeighbour_IsAnother() => Assert.NotEqual(
        CacheKey.Of(1, Request(X) with { Outputs = ["ab", "c"] }), CacheKey.Of(1, Request(X) with { Outputs = ["a", "bc"] }));

    [Fact]
    public void Of_WhatDoesNotChangeTheAnswer_IsTheSame() => Assert.Equal(
        CacheKey.Of(1, Request(X)),
        CacheKey.Of(1, Request(X) with { Version = "stable", RoutingKey = "-!42", Timeout = TimeSpan.FromSeconds(1), Priority = InferencePriority.Bulk }));

    private static InferenceRequest Request(params Tensor[] inputs) => new() { Inputs = inputs };
}

using OrleansInference;

namespace IntegrationTests.Infrastructure;

/// <summary>Requests and answers of the models that take floats as <c>x</c> and give floats as <c>y</c>.</summary>
internal static class Floats
{
    /// <summary>A tensor of floats.</summary>
    public static Tensor Tensor(string name, long[] shape, params ReadOnlySpan<float> values) =>
        OrleansInference.Tensor.Create(name, TensorDatatype.FP32, shape, values);

    /// <summary>A request with the one input <c>x</c>.</summary>
    public static InferenceRequest X(long[] shape, params ReadOnlySpan<float> values) => new() { Inputs = [Tensor("x", shape, values)] };

    /// <summary>A request to <c>slow</c>, which takes about a millisecond per iteration.</summary>
    public static InferenceRequest Slow(float iterations) => new() { Inputs = [Tensor("x", [1, 1], 1), Tensor("iterations", [1, 1], iterations)] };

    /// <summary>The first value of the first output.</summary>
    public static float First(this InferenceResponse response) => response.Outputs[0].Elements<float>()[0];
}

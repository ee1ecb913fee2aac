using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using OrleansInference;
using OrleansInference.Grains;
using OrleansInference.Grains.Models.Loading;
using OrleansInference.Grains.Models.Manifest;
using OrleansInference.Grains.Models.Sessions;
using UnitTests.Fakes;

namespace UnitTests.Grains.Models.Loading;

public sealed class ModelWarmUpTests
{
    private readonly List<InferenceRequest> _requests = [];

    [Fact]
    public async Task Run_Generated_IsOneRowOfOnes()
    {
        await RunAsync(Version(8, new TensorMetadata("x", TensorDatatype.FP32, [-1, 2]), new TensorMetadata("s", TensorDatatype.BYTES, [-1, -1])));

        var request = Assert.Single(_requests);
        Assert.Equal("1,2 1,1", Shapes(request));
        Assert.Equal([1, 1], request.Inputs[0].Elements<float>().ToArray());
        Assert.Equal([0, 0, 0, 0], request.Inputs[1].Data);
    }

    [Theory]
    [InlineData(8, 1)]
    [InlineData(1, 0)]
    public void RunLargestBatch_Batchable_IsAFullBatchOnTheCallersThread(int maxBatchSize, int runs)
    {
        using var session = new FakeModelSession();
        int? thread = null;
        var rows = 0L;
        session.OnRun = (inputs, _) => (thread, rows) = (Environment.CurrentManagedThreadId, inputs[0].Shape[0]);

        ModelWarmUp.RunLargestBatch(session, maxBatchSize);

        Assert.Equal(runs, session.Runs);
        if (runs > 0) Assert.Equal((Environment.CurrentManagedThreadId, maxBatchSize), (thread, rows));
    }

    [Fact]
    public void RunLargestBatch_ThatTheModelRefuses_IsNoFault()
    {
        using var session = new FakeModelSession();
        session.OnRun = (_, _) => throw new InferenceException(InferenceErrorCode.ModelFailed, "not these");

        ModelWarmUp.RunLargestBatch(session, maxBatchSize: 8);

        Assert.Equal(1, session.Runs);
    }

    [Theory]
    [InlineData(TensorDatatype.BOOL, new byte[] { 1 })]
    [InlineData(TensorDatatype.UINT8, new byte[] { 1 })]
    [InlineData(TensorDatatype.INT8, new byte[] { 1 })]
    [InlineData(TensorDatatype.UINT16, new byte[] { 1, 0 })]
    [InlineData(TensorDatatype.INT16, new byte[] { 1, 0 })]
    [InlineData(TensorDatatype.UINT32, new byte[] { 1, 0, 0, 0 })]
    [InlineData(TensorDatatype.INT32, new byte[] { 1, 0, 0, 0 })]
    [InlineData(TensorDatatype.UINT64, new byte[] { 1, 0, 0, 0, 0, 0, 0, 0 })]
    [InlineData(TensorDatatype.INT64, new byte[] { 1, 0, 0, 0, 0, 0, 0, 0 })]
    [InlineData(TensorDatatype.FP16, new byte[] { 0, 0x3C })]
    [InlineData(TensorDatatype.BF16, new byte[] { 0x80, 0x3F })]
    [InlineData(TensorDatatype.FP32, new byte[] { 0, 0, 0x80, 0x3F })]
    [InlineData(TensorDatatype.FP64, new byte[] { 0, 0, 0, 0, 0, 0, 0xF0, 0x3F })]
    [InlineData(TensorDatatype.BYTES, new byte[] { 0, 0, 0, 0 })]
    public async Task Run_GeneratedOfEachDatatype_IsOne(TensorDatatype datatype, byte[] one)
    {
        await RunAsync(Version(0, new TensorMetadata("x", datatype, [])));

        Assert.Equal(one, Assert.Single(_requests).Inputs[0].Data);
    }

    [Fact]
    public async Task Run_GeneratedThatTheModelRefuses_IsNoFault()
    {
        var version = Version(0, new TensorMetadata("x", TensorDatatype.FP32, [1]));
        version.OnInfer = _ => throw new InferenceException(InferenceErrorCode.ModelFailed, "not these");

        await RunAsync(version);
    }

    [Fact]
    public async Task Run_Samples_AreThoseOfTheManifest()
    {
        await RunAsync(
            Version(8, new TensorMetadata("x", TensorDatatype.INT64, [-1, 2]), new TensorMetadata("s", TensorDatatype.BYTES, [1])),
            """[ { "inputs": [ { "name": "x", "shape": [2, 2], "data": [[1, 2], [3, 9007199254740993]] }, { "name": "s", "shape": [1], "data": ["é"] } ] } ]""");

        var request = Assert.Single(_requests);
        Assert.Equal([1, 2, 3, 9007199254740993], request.Inputs[0].Elements<long>().ToArray());
        Assert.Equal([2, 0, 0, 0, 0xC3, 0xA9], request.Inputs[1].Data);
    }

    [Theory]
    [InlineData("""[ { "inputs": [ { "name": "z", "shape": [1], "data": [1] } ] } ]""", "warmUp[0].inputs[0].name: version 1 of the model has no input 'z'. Its inputs are: x.")]
    [InlineData("""[ { "inputs": [ { "name": "x", "shape": [1, 2], "data": [1] } ] } ]""", "warmUp[0].inputs[0].data: it has 1 elements, but the shape [1, 2] has 2. Make them agree.")]
    [InlineData("""[ { "inputs": [ { "name": "x", "shape": [1, 2], "data": [1, "a"] } ] } ]""", "warmUp[0].inputs[0].data: \"a\" is no INT64. Write one.")]
    [InlineData("""[ { "inputs": [ { "name": "x", "shape": [1, 2], "data": [1, 1.5] } ] } ]""", "warmUp[0].inputs[0].data: 1.5 is no INT64. Write one.")]
    public async Task Run_SampleDoesNotFit_NamesKeyAndRemedy(string samples, string told)
    {
        var fault = await Assert.ThrowsAsync<InferenceStartupException>(() => RunAsync(Version(8, new TensorMetadata("x", TensorDatatype.INT64, [-1, 2])), samples));

        Assert.Contains(told, fault.Message, StringComparison.Ordinal);
        Assert.Empty(_requests);
    }

    [Fact]
    public async Task Run_SampleThatTheModelRefuses_IsAFault()
    {
        var version = Version(8, new TensorMetadata("x", TensorDatatype.INT64, [1]));
        version.OnInfer = _ => throw new InferenceException(InferenceErrorCode.ModelFailed, "not these.");

        var fault = await Assert.ThrowsAsync<InferenceStartupException>(() => RunAsync(version, """[ { "inputs": [ { "name": "x", "shape": [1], "data": [1] } ] } ]"""));

        Assert.Equal("model.json:1: warmUp[0]: version 1 cannot answer it: not these. Correct the request, or the model.", fault.Message);
    }

    private FakeServedVersion Version(int maxBatchSize, params TensorMetadata[] inputs) => new("m", 1)
    {
        Metadata = new ModelMetadata(inputs, inputs),
        MaxBatchSize = maxBatchSize,
        OnInfer = request =>
        {
            _requests.Add(request);
            return Task.CompletedTask;
        },
    };

    private static async Task RunAsync(FakeServedVersion version, string? samples = null)
    {
        var (manifest, faults) = ManifestReader.Read("model.json", Encoding.UTF8.GetBytes(samples is null ? "{}" : $$"""{ "warmUp": {{samples}} }"""));
        await new ModelWarmUp(NullLogger<ModelWarmUp>.Instance).RunAsync("m", version, manifest.WarmUp, faults, CancellationToken.None);
    }

    private static string Shapes(InferenceRequest request) => string.Join(" ", request.Inputs.Select(input => string.Join(",", input.Shape)));
}

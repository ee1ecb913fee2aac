using System.Text;
using Microsoft.AspNetCore.Http;
using OrleansInference;
using OrleansInference.Api.Json;

namespace UnitTests.Api;

public sealed class PredictionBatchReaderTests
{
    [Fact]
    public async Task ReadAsync_Instances_AreReadEachWithItsFaults()
    {
        var instances = await ReadAsync("""{"instances": [{"user_id": 1, "amount": 2}, {"amount": 3}, 7, [{"user_id": 1}], {"user_id": "b", "features": {"a.x": 1}}]}""");

        Assert.Equal(["1", "", "", "", "b"], instances.Select(instance => instance.Request.UserId));
        Assert.All(instances, instance => Assert.Equal("fraud", instance.Request.Model));
        Assert.Equal([new RequestField("amount", 2)], instances[0].Request.Fields);
        Assert.Equal(new FieldError("user_id", "is required (an integer or a string)", null), Assert.Single(instances[1].Faults!));
        Assert.Equal(new FieldError("", "must be an object such as {\"user_id\": 42}, but is a number", "7"), Assert.Single(instances[2].Faults!));
        Assert.Equal("[{\"user_id\": 1}]", Assert.Single(instances[3].Faults!).Value);
        Assert.Null(instances[4].Faults);
        Assert.Equal([new RequestField("a.x", 1)], instances[4].Request.Overrides);
    }

    [Fact]
    public async Task ReadAsync_NoInstances_IsEmpty() => Assert.Empty(await ReadAsync("""{"instances": []}"""));

    [Theory]
    [InlineData("{}", "instances", "is required, as in {\"instances\": [{\"user_id\": 42}]}")]
    [InlineData("[]", "", "must be a JSON object such as {\"instances\": [{\"user_id\": 42}]}, but is an array")]
    [InlineData("""{"instances": {"user_id": 1}}""", "instances", "must be an array of requests, as in {\"instances\": [{\"user_id\": 42}]}, but is an object")]
    [InlineData("""{"instances": [], "instances": []}""", "instances", "was sent twice; send it once")]
    [InlineData("""{"rows": [], "instances": []}""", "rows", "is no field of a batch; its field is instances")]
    public async Task ReadAsync_NoBatch_IsRefused(string body, string field, string message)
    {
        var fault = Assert.Single((await Assert.ThrowsAsync<InferenceException>(() => ReadAsync(body))).Fields);

        Assert.Equal((field, message), (fault.Field, fault.Message));
    }

    [Fact]
    public async Task ReadAsync_MoreThanAThousand_IsRefused()
    {
        var body = $$"""{"instances": [{{string.Join(',', Enumerable.Repeat("""{"user_id": 1}""", 1_001))}}]}""";

        Assert.Equal("must have at most 1000 requests, but has 1001; send several batches", Assert.Single((await Assert.ThrowsAsync<InferenceException>(() => ReadAsync(body))).Fields).Message);
    }

    [Fact]
    public async Task ReadAsync_AsManyInstancesAsABodyHolds_AreCountedAndNotKept()
    {
        var body = $$"""{"instances": [{{string.Join(',', Enumerable.Repeat('0', 2_000_000))}}]}""";

        var before = GC.GetAllocatedBytesForCurrentThread();
        var refusal = await Assert.ThrowsAsync<InferenceException>(() => ReadAsync(body));

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 1, 32 << 20);
        Assert.Equal("must have at most 1000 requests, but has 2000000; send several batches", Assert.Single(refusal.Fields).Message);
    }

    [Theory]
    [InlineData("""{"instances": [[1], {"user_id": [2]}, 3], "instances": []}""", "was sent twice; send it once")]
    [InlineData("""{"instances": [], "rows": 1}""", "is no field of a batch; its field is instances")]
    public async Task ReadAsync_MoreThanAThousandAndAnotherFault_TellsTheOther(string end, string message)
    {
        var body = end.Replace("[[1]", $"[{string.Concat(Enumerable.Repeat("{\"a\": [1]},", 1_000))}[1]", StringComparison.Ordinal);

        Assert.Equal(message, Assert.Single((await Assert.ThrowsAsync<InferenceException>(() => ReadAsync(body))).Fields).Message);
    }

    [Fact]
    public async Task ReadAsync_FieldSentAgainAndAgain_KeepsFiftyFaultsAndCountsAll()
    {
        var body = $$"""{"instances": [{ {{string.Join(',', Enumerable.Repeat("\"user_id\": []", 20_000))}}, "amount": 2}]}""";

        var (request, faults) = Assert.Single(await ReadAsync(body));

        Assert.Equal([new RequestField("amount", 2)], request.Fields);
        Assert.Equal(20_000, faults!.Count);
        Assert.All(faults.Take(50), fault => Assert.Equal(new FieldError("user_id", "must be an integer or a string of valid Unicode", "[]"), fault));
        Assert.Single(faults.Skip(50).Distinct<object>(ReferenceEqualityComparer.Instance));
    }

    [Theory]
    [InlineData("""{"instances": [{"user_id": 1}""")]
    [InlineData("""{"instances": []} x""")]
    [InlineData("")]
    public async Task ReadAsync_NotJson_Is400(string body) =>
        Assert.Equal(StatusCodes.Status400BadRequest, (await Assert.ThrowsAsync<BadHttpRequestException>(() => ReadAsync(body))).StatusCode);

    [Fact]
    public async Task ReadAsync_IdempotencyKeyForAll_IsRefused()
    {
        var fault = await Assert.ThrowsAsync<InferenceException>(() => ReadAsync("""{"instances": []}""", ("Idempotency-Key", "k")));

        Assert.Equal("names one prediction, not a batch; send request_id in each instance", Assert.Single(fault.Fields).Message);
    }

    private static async Task<IReadOnlyList<(PredictionRequest Request, List<FieldError>? Faults)>> ReadAsync(string body, params (string Name, string Value)[] headers)
    {
        var request = new DefaultHttpContext().Request;
        request.ContentType = "application/json";
        request.Body = new MemoryStream(Encoding.UTF8.GetBytes(body));
        foreach (var (name, value) in headers) request.Headers[name] = value;
        return await PredictionBatchReader.ReadAsync(request, "fraud");
    }
}

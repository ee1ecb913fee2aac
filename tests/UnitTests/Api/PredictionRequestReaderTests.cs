using System.Buffers;
using System.Collections;
using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using OrleansInference;
using OrleansInference.Api.Json;

namespace UnitTests.Api;

public sealed class PredictionRequestReaderTests
{
    private const string Body =
        """{"user_id": "Анна\n", "raw\u005ffeature": "3\u0031\ud83d\ude00", "amount": 12.5, "flag": true, "at": null, "list": [1, {"a": 2}]}""";

    [Fact]
    public async Task ReadAsync_Body_GivesFieldsAsTheyCame()
    {
        var request = await ReadAsync(Body);

        AssertIsBody(request);
        Assert.Null(request.Model);
    }

    [Fact]
    public async Task ReadAsync_BodyInPieces_GivesTheSame()
    {
        var request = await ReadAsync(Body, pieceLength: 1);

        AssertIsBody(request);
    }

    [Fact]
    public async Task ReadAsync_Model_IsHandedOn() =>
        Assert.Equal("fraud", (await ReadAsync("""{"user_id": 42}""", model: "fraud")).Model);

    [Theory]
    [InlineData("42", "42")]
    [InlineData("\"42\"", "42")]
    [InlineData("\"042\"", "042")]
    [InlineData("-7", "-7")]
    [InlineData("-0", "0")]
    [InlineData("\"-0\"", "-0")]
    [InlineData("123456789012345678901234567890", "123456789012345678901234567890")]
    public async Task ReadAsync_UserId_IsTextOrTheDigitsOfAnInteger(string json, string userId) =>
        Assert.Equal(userId, (await ReadAsync($$"""{"user_id": {{json}}}""")).UserId);

    [Fact]
    public async Task ReadAsync_FaultyUserId_IsToldWithTheModelsFaults()
    {
        var client = new FakeInferenceClient(new FieldError("user_id", "must not be empty", "\"\""), new FieldError("amount", "must be a number", "true"));

        var fault = await Assert.ThrowsAsync<InferenceException>(() => ReadAsync("""{"user_id": 4.2, "amount": true}""", client: client));

        Assert.Equal(["user_id", "amount"], fault.Fields.Select(field => field.Field));
        Assert.Equal("4.2", fault.Fields[0].Value);
        Assert.Equal("amount", Assert.Single(client.Validated!.Fields).Name);
    }

    [Fact]
    public async Task ToFailureAsync_ManyFaultsOfReaderAndModel_ReadsEachAFewTimes()
    {
        var faults = new CountedFaults(1_000);
        var client = new FakeInferenceClient([.. Enumerable.Range(500, 1_000).Select(i => new FieldError($"f{i}", "must be a number", "true"))]);

        var failure = await PredictionRequestReader.ToFailureAsync(new PredictionRequest { UserId = "" }, faults, client);

        Assert.Equal(faults.Take(50), failure.Fields);
        Assert.EndsWith("and 1450 more faults", failure.Message, StringComparison.Ordinal);
        Assert.InRange(faults.Reads, 1, 10_000);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[1]")]
    [InlineData("""{"user_id": 4.2}""")]
    public async Task ReadAsync_Refused_LeavesTheConnectionUsable(string body)
    {
        var pipe = PipeReader.Create(new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(body)));

        await Assert.ThrowsAnyAsync<Exception>(() => ReadAsync(pipe));

        // A reader in the middle of a read would throw.
        Assert.True((await pipe.ReadAsync(TestContext.Current.CancellationToken)).Buffer.IsEmpty);
    }

    [Theory]
    [InlineData("application/json; charset=utf-8")]
    [InlineData("application/merge-patch+json")]
    public async Task ReadAsync_KindOfJson_IsTaken(string contentType) =>
        Assert.Equal("42", (await ReadAsync("""{"user_id": 42}""", contentType: contentType)).UserId);

    [Fact]
    public async Task ReadAsync_OverridesAndMaxAge_AreNoFields()
    {
        var request = await ReadAsync("""{"user_id": 42, "features": {"a.x": 1.5, "a.label": "high", "a.y": null}, "max_age": 0.5, "amount": 2}""", pieceLength: 7);

        Assert.Equal([new RequestField("a.x", 1.5), new RequestField("a.label", "high"), new RequestField("a.y", default)], request.Overrides);
        Assert.Equal(TimeSpan.FromMilliseconds(500), request.MaxAge);
        Assert.Equal([new RequestField("amount", 2)], request.Fields);
    }

    [Theory]
    [InlineData("features", "[1]", "must be an object that gives features their values for this prediction, but is an array")]
    [InlineData("features", "7", "must be an object that gives features their values for this prediction, but is a number")]
    [InlineData("max_age", "-1", "must be a number of seconds from 0 to 31536000")]
    [InlineData("max_age", "\"1 h\"", "must be a number of seconds from 0 to 31536000")]
    [InlineData("max_age", "1e999", "must be a number of seconds from 0 to 31536000")]
    public async Task ReadAsync_OptionIsWrong_IsAFault(string field, string json, string message)
    {
        var fault = await Assert.ThrowsAsync<InferenceException>(() => ReadAsync($$"""{"user_id": 42, "{{field}}": {{json}}, "amount": 2}"""));

        Assert.Equal([new FieldError(field, message, json)], fault.Fields);
    }

    private static void AssertIsBody(PredictionRequest request)
    {
        Assert.Equal("Анна\n", request.UserId);
        Assert.Equal(
            [
                new RequestField("raw_feature", "31😀"),
                new RequestField("amount", 12.5),
                new RequestField("flag", true),
                new RequestField("at", default),
                new RequestField("list", RequestValue.Unsupported("""[1, {"a": 2}]""")),
            ],
            request.Fields);
    }

    private static Task<PredictionRequest> ReadAsync(
        string body,
        int pieceLength = int.MaxValue,
        string? model = null,
        string contentType = "application/json",
        FakeInferenceClient? client = null) =>
        ReadAsync(PipeReader.Create(new PieceByPiece(Encoding.UTF8.GetBytes(body), pieceLength)), model, contentType, client);

    private static async Task<PredictionRequest> ReadAsync(
        PipeReader body, string? model = null, string contentType = "application/json", FakeInferenceClient? client = null)
    {
        var context = new DefaultHttpContext();
        context.Features.Set<IRequestBodyPipeFeature>(new RequestBody(body));
        context.Request.ContentType = contentType;
        return await PredictionRequestReader.ReadAsync(context.Request, model, client ?? new FakeInferenceClient());
    }

    /// <summary>Faults that count how often one is looked at.</summary>
    private sealed class CountedFaults(int count) : IReadOnlyList<FieldError>
    {
        public int Reads { get; private set; }

        public int Count => count;

        public FieldError this[int index] => Read(index);

        public IEnumerator<FieldError> GetEnumerator() => Enumerable.Range(0, count).Select(Read).GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

        private FieldError Read(int index)
        {
            Reads++;
            return new FieldError($"f{index}", "was sent twice; send it once", "1");
        }
    }

    private sealed record RequestBody(PipeReader Reader) : IRequestBodyPipeFeature;

    /// <summary>A network that delivers a few bytes at a time.</summary>
    private sealed class PieceByPiece(byte[] bytes, int pieceLength) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(buffer.Length, pieceLength)], cancellationToken);
    }
}

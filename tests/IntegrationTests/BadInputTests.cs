using System.Net;
using System.Text;
using System.Text.Json;
using IntegrationTests.Infrastructure;
using OrleansInference;

namespace IntegrationTests;

/// <summary>Whatever is wrong with a request, the answer says where and why, and the request leaves no trace.</summary>
/// <remarks>No request of <see cref="User"/> is good, so nothing may ever be known of that user.</remarks>
public sealed class BadInputTests(PrivateDemoServer demo) : IClassFixture<PrivateDemoServer>
{
    private const string User = "bad-input";
    private const string Predict = "/predict";
    private const string InvalidInput = "InvalidInput";
    private const string Outcome = "/v1/predictions/01890a5d-ac96-774b-bcce-b302099a8057/outcome";

    private InProcessServer Server => demo.Server;

    [Theory]
    [InlineData("", "is empty", null)]
    [InlineData("{", "is not JSON", "{")]
    [InlineData("user_id=42", "is not JSON", "user_id=42")]
    [InlineData("{user_id: 42}", "is not JSON", "{user_id: 42}")]
    [InlineData("""{"user_id": "bad-input", "raw_feature": "3156"} x""", "is not JSON", """{"user_id": "bad-input", "raw_feature": "3156"} x""")]
    [InlineData("""{"user_id": "bad-input", "raw_feature": "3156"}{}""", "is not JSON", """{"user_id": "bad-input", "raw_feature": "3156"}{}""")]
    [InlineData("""{"user_id": "bad-input", "raw_feature": "3156",}""", "is not JSON", """{"user_id": "bad-input", "raw_feature": "3156",}""")]
    [InlineData("""{"user_id": 042, "raw_feature": "3156"}""", "is not JSON", """{"user_id": 042, "raw_feature": "3156"}""")]
    public async Task Predict_BodyIsNotJson_Answers400(string body, string message, string? value)
    {
        var problem = await PostBadAsync(body);

        Assert.Equal(HttpStatusCode.BadRequest, problem.Status);
        AssertFault(problem, "", message, value);
        await AssertNoTraceAsync();
    }

    [Theory]
    [InlineData("[42]", "an array", "[42]")]
    [InlineData("42", "a number", "42")]
    [InlineData("\"42\"", "a string", "\"42\"")]
    [InlineData("null", "null", "null")]
    [InlineData("true", "a boolean", "true")]
    public async Task Predict_BodyIsNoObject_Answers422(string body, string message, string value)
    {
        var problem = await PostBadAsync(body);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, problem.Status);
        AssertFault(problem, "", message, value);
        await AssertNoTraceAsync();
    }

    [Theory]
    [InlineData("""{"raw_feature": "3156"}""", "is required", null)]
    [InlineData("""{"user_id": null, "raw_feature": "3156"}""", "is required", null)]
    [InlineData("""{"user_id": true, "raw_feature": "3156"}""", "must be an integer or a string", "true")]
    [InlineData("""{"user_id": 4.2, "raw_feature": "3156"}""", "must be an integer or a string", "4.2")]
    [InlineData("""{"user_id": 4e2, "raw_feature": "3156"}""", "must be an integer or a string", "4e2")]
    [InlineData("""{"user_id": {"id": 42}, "raw_feature": "3156"}""", "must be an integer or a string", """{"id": 42}""")]
    [InlineData("""{"user_id": [42], "raw_feature": "3156"}""", "must be an integer or a string", "[42]")]
    [InlineData("""{"user_id": "", "raw_feature": "3156"}""", "must not be empty", "\"\"")]
    [InlineData("""{"user_id": "\ud800", "raw_feature": "3156"}""", "valid Unicode", "\"\\ud800\"")]
    [InlineData("""{"user_id": "x\udc00\ud800", "raw_feature": "3156"}""", "valid Unicode", "\"x\\udc00\\ud800\"")]
    [InlineData("""{"user_id": "bad-input", "user_id": "bad-input", "raw_feature": "3156"}""", "sent twice", "\"bad-input\"")]
    public async Task Predict_UserIdIsWrong_Answers422(string body, string message, string? value) =>
        await AssertOneFaultAsync(body, "user_id", message, value);

    [Theory]
    [InlineData(129, "at most 128 characters, but has 129")]
    [InlineData(10_000, "at most 128 characters, but has 10000")]
    public async Task Predict_UserIdIsTooLong_ShowsItsBeginning(int length, string message)
    {
        var start = '"' + new string('u', 99) + '…';

        await AssertOneFaultAsync($$"""{"user_id": "{{new string('u', length)}}", "raw_feature": "3156"}""", "user_id", message, start);
    }

    [Theory]
    [InlineData("", "raw_feature", "is required", null)]
    [InlineData(""", "raw_feature": null""", "raw_feature", "is required", null)]
    [InlineData(""", "raw_feature": 3156""", "raw_feature", "must be a string", "3156")]
    [InlineData(""", "raw_feature": true""", "raw_feature", "must be a string", "true")]
    [InlineData(""", "raw_feature": ["3156"]""", "raw_feature", "must be a string", "[\"3156\"]")]
    [InlineData(""", "raw_feature": "" """, "raw_feature", "must not be empty", "\"\"")]
    [InlineData(""", "raw_feature": "\ud800" """, "raw_feature", "valid Unicode", "\"\\ud800\"")]
    [InlineData(""", "raw_feature": "\udc00\ud800" """, "raw_feature", "valid Unicode", "\"\\udc00\\ud800\"")]
    [InlineData(""", "raw_feature": "3156", "raw_feature": "3156" """, "raw_feature", "sent twice", "\"3156\"")]
    [InlineData(""", "raw_feature": "3156", "terminal_id": "3156" """, "terminal_id", "sent twice", "\"3156\"")]
    [InlineData(""", "raw_feature": "3156", "amount": -0.01""", "amount", "at least 0", "-0.01")]
    [InlineData(""", "raw_feature": "3156", "amount": 1000000.01""", "amount", "at most 1000000", "1000000.01")]
    [InlineData(""", "raw_feature": "3156", "amount": "12" """, "amount", "must be a number", "\"12\"")]
    [InlineData(""", "raw_feature": "3156", "amount": [12]""", "amount", "must be a number", "[12]")]
    [InlineData(""", "raw_feature": "3156", "amount": 1e999""", "amount", "finite", "1e999")]
    [InlineData(""", "raw_feature": "3156", "amount": -1e999""", "amount", "finite", "-1e999")]
    [InlineData(""", "raw_feature": "3156", "at": "9999-12-31T23:59:59Z" """, "at", "must not be after", "\"9999-12-31T23:59:59Z\"")]
    [InlineData(""", "raw_feature": "3156", "at": "1969-12-31T23:59:59Z" """, "at", "must not be before 1970", "\"1969-12-31T23:59:59Z\"")]
    [InlineData(""", "raw_feature": "3156", "at": -1""", "at", "must not be before 1970", "-1")]
    [InlineData(""", "raw_feature": "3156", "at": "yesterday" """, "at", "ISO 8601", "\"yesterday\"")]
    [InlineData(""", "raw_feature": "3156", "at": "1775046600" """, "at", "ISO 8601", "\"1775046600\"")]
    [InlineData(""", "raw_feature": "3156", "at": true""", "at", "ISO 8601", "true")]
    [InlineData(""", "raw_feature": "3156", "at": 1775046600000""", "at", "Unix seconds", "1775046600000")]
    [InlineData(""", "raw_feature": "3156", "at": 1e308""", "at", "must not be after", "1E+308")]
    [InlineData(""", "raw_feature": "3156", "at": 1e999""", "at", "ISO 8601", "1e999")]
    [InlineData(""", "raw_feature": "3156", "colour": "red" """, "colour", "its fields are user_id, raw_feature, amount, at", "\"red\"")]
    [InlineData(""", "raw_feature": "3156", "\ud800": 1""", "\\ud800", "is not a field", "1")]
    public async Task Predict_FieldIsWrong_Answers422(string fields, string field, string message, string? value) =>
        await AssertOneFaultAsync($$"""{"user_id": "{{User}}"{{fields}}}""", field, message, value);

    [Fact]
    public async Task Predict_TextIsTooLong_ShowsItsBeginning()
    {
        var start = '"' + new string('x', 99) + '…';

        await AssertOneFaultAsync(
            $$"""{"user_id": "{{User}}", "raw_feature": "{{new string('x', 10_000)}}"}""", "raw_feature", "at most 1024 characters, but has 10000", start);
    }

    [Fact]
    public async Task Predict_RefusedTextIsNotAscii_IsShownReadably()
    {
        var word = string.Concat(Enumerable.Repeat("Привет ", 20));

        await AssertOneFaultAsync($$"""{"user_id": "{{word}}", "raw_feature": "3156"}""", "user_id", "at most 128", $"\"{word[..99]}…");
    }

    [Theory]
    [InlineData("user_id")]
    [InlineData("raw_feature")]
    public async Task Predict_TextIsInvalidUtf8_Answers422(string field)
    {
        var (other, value) = field is "user_id" ? ("raw_feature", "3156") : ("user_id", User);

        // In Latin 1, these are the bytes FF and C3, which UTF-8 does not have like this.
        const string Broken = "\u00FF\u00C3";
        var body = Encoding.Latin1.GetBytes($$"""{"{{field}}": "{{Broken}}", "{{other}}": "{{value}}"}""");

        var problem = await PostBadAsync(body);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, problem.Status);
        AssertFault(problem, field, "valid Unicode", "\"\uFFFD\uFFFD\"");
        await AssertNoTraceAsync();
    }

    [Fact]
    public async Task Predict_LoneSurrogateFromADotNetClient_IsRefusedByField()
    {
        var request = new PredictionRequest { UserId = User, Fields = [new("raw_feature", "x\uD800")] };

        var fault = await Assert.ThrowsAsync<InferenceException>(() => Server.Client.PredictAsync(request, TestContext.Current.CancellationToken));

        Assert.Equal(InferenceErrorCode.InvalidInput, fault.Code);
        Assert.Equal(new FieldError("raw_feature", "must be a string of valid Unicode", "\"x\\uFFFD\""), Assert.Single(fault.Fields));
        await AssertNoTraceAsync();
    }

    [Fact]
    public async Task Predict_SeveralFaults_AllAreListed()
    {
        var problem = await PostBadAsync("""{"user_id": false, "raw_feature": 1, "amount": -1, "at": "soon", "colour": {}}""");

        Assert.Equal(["user_id", "raw_feature", "amount", "at", "colour"], problem.Errors.Select(error => error.Field));
        Assert.All(problem.Errors, error => Assert.Contains($"{error.Field} {error.Message}", problem.Detail, StringComparison.Ordinal));
        await AssertNoTraceAsync();
    }

    [Fact]
    public async Task Predict_FieldSentAndSentAgainAsNull_IsOnce()
    {
        var (status, _) = await Server.Http.PostJsonAsync(Predict, """{"user_id": 42, "user_id": null, "raw_feature": "3156", "raw_feature": null}""");

        Assert.Equal(HttpStatusCode.OK, status);
    }

    [Fact]
    public async Task Predict_ThousandsOfUnknownFields_AnswersTheFirst()
    {
        var fields = string.Concat(Enumerable.Range(0, 10_000).Select(i => $", \"f{i}\": 1"));

        var problem = await PostBadAsync($$"""{"user_id": "{{User}}", "raw_feature": "3156"{{fields}}}""");

        Assert.Equal(50, problem.Errors.Count);
        Assert.EndsWith("and 9950 more faults", problem.Detail, StringComparison.Ordinal);
        await AssertNoTraceAsync();
    }

    [Fact]
    public async Task Predict_UnknownFieldWithLongName_ShowsItsBeginning()
    {
        var name = new string('f', 100_000);

        await AssertOneFaultAsync($$"""{"user_id": "{{User}}", "raw_feature": "3156", "{{name}}": 1}""", $"{name[..100]}…", "is not a field", "1");
    }

    [Fact]
    public async Task Predict_NestedTooDeeply_Answers400()
    {
        var problem = await PostBadAsync($$"""{"user_id": "{{User}}", "raw_feature": {{new string('[', 10_000)}}{{new string(']', 10_000)}}}""");

        Assert.Equal(HttpStatusCode.BadRequest, problem.Status);
        Assert.Equal(InvalidInput, problem.Code);
        Assert.Contains("depth", problem.Detail, StringComparison.Ordinal);
        await AssertNoTraceAsync();
    }

    [Theory]
    [InlineData("nope", "nope")]
    [InlineData("..%2Fx", "..%2Fx")]
    [InlineData("%20", " ")]
    [InlineData("%3F", "?")]
    [InlineData("%F0%9F%98%80", "😀")]
    [InlineData("FRAUD", "FRAUD")]
    public async Task Predict_UnknownModel_Answers404NamingTheServedOnes(string path, string name)
    {
        string[] bodies = [$$"""{"user_id": "{{User}}", "raw_feature": "3156"}""", """{"user_id": true, "raw_feature": "3156"}""", """{"user_id": ""}"""];

        foreach (var body in bodies)
        {
            var problem = await PostBadAsync(body, $"/v1/models/{path}/predict");

            Assert.Equal((HttpStatusCode.NotFound, "NotFound"), (problem.Status, problem.Code));
            Assert.Equal($"There is no model '{name}'. Served here: fraud, tutorial.", problem.Detail);
        }

        await AssertNoTraceAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Predict_BodyOverTheLimit_Answers413(bool chunked)
    {
        var body = $$"""{"user_id": "{{User}}", "raw_feature": "{{new string('x', 300_000)}}"}""";
        using var request = Post(Predict, Encoding.ASCII.GetBytes(body));
        request.Headers.TransferEncodingChunked = chunked;

        // Asked for leave first, the server refuses by the length alone, before the body is on its way.
        request.Headers.ExpectContinue = !chunked;
        using var response = await SendAsync(request);

        var problem = await Problem.ReadAsync(response);
        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, "PayloadTooLarge"), (problem.Status, problem.Code));
        Assert.Contains("262144 bytes", problem.Detail, StringComparison.Ordinal);
        await AssertNoTraceAsync();
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData(null)]
    public async Task Predict_WrongContentType_Answers415(string? contentType)
    {
        using var request = Post(Predict, Encoding.ASCII.GetBytes($$"""{"user_id": "{{User}}", "raw_feature": "3156"}"""));
        request.Content!.Headers.ContentType = contentType is null ? null : new(contentType);

        using var response = await SendAsync(request);

        var problem = await Problem.ReadAsync(response);
        Assert.Equal((HttpStatusCode.UnsupportedMediaType, "UnsupportedMediaType"), (problem.Status, problem.Code));
        Assert.Equal($"The body's Content-Type is '{contentType}'. Send application/json.", problem.Detail);
        await AssertNoTraceAsync();
    }

    [Fact]
    public async Task Predict_ChunkedBody_IsAnswered()
    {
        using var request = Post(Predict, """{"user_id": 42, "raw_feature": "3156"}"""u8.ToArray());
        request.Headers.TransferEncodingChunked = true;

        using var response = await SendAsync(request);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task Predict_WithGet_Answers405NamingPost()
    {
        using var response = await Server.Http.GetAsync(Predict, TestContext.Current.CancellationToken);

        var problem = await Problem.ReadAsync(response);
        Assert.Equal((HttpStatusCode.MethodNotAllowed, "MethodNotAllowed"), (problem.Status, problem.Code));
        Assert.Equal("/predict does not take GET. Send POST.", problem.Detail);
        Assert.Equal(["POST"], response.Content.Headers.Allow);
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("text/html")]
    public async Task AnyPath_NothingThere_Answers404NamingTheDocumentation(string accept)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/prediction");
        request.Headers.Accept.Add(new(accept));

        using var response = await SendAsync(request);

        var problem = await Problem.ReadAsync(response);
        Assert.Equal((HttpStatusCode.NotFound, "NotFound"), (problem.Status, problem.Code));
        Assert.Equal("There is nothing at /prediction. See /docs.", problem.Detail);
    }

    [Fact]
    public async Task Predict_RandomMutationsOfAGoodBody_NeverAnswers5xx()
    {
        var good = """{"user_id": 42, "raw_feature": "3156", "amount": 12.5, "at": "2026-04-01T12:30:00Z"}"""u8.ToArray();
        var random = new Random(20260401);
        var bodies = Enumerable.Range(0, 2_000).Select(_ => Mutations.Of(good, random)).ToArray();
        var statuses = new HttpStatusCode[bodies.Length];

        await Parallel.ForAsync(0, bodies.Length, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (i, cancellationToken) =>
        {
            using var request = Post(Predict, bodies[i]);
            using var response = await Server.Http.SendAsync(request, cancellationToken);
            statuses[i] = response.StatusCode;
        });

        Assert.All(statuses, (status, i) => Assert.True(
            status is HttpStatusCode.OK or HttpStatusCode.BadRequest or HttpStatusCode.UnprocessableEntity, $"{(int)status} for {Encoding.Latin1.GetString(bodies[i])}"));
        Assert.Equal(3, statuses.Distinct().Count());
        await AssertGoodRequestWorksAsync();
    }

    // In Latin 1, \u00FF is a byte that UTF-8 does not have.
    [Theory]
    [InlineData("POST", Outcome, """{"\ud800": 1}""", "\\ud800", "is not a field of an outcome", "1")]
    [InlineData("POST", Outcome, "{\"\u00FF\": 1}", "\uFFFD", "is not a field of an outcome", "1")]
    [InlineData("POST", Outcome, "{\"label\": \"\u00FF\"}", "label", "must be true, false or a finite number", "\"\uFFFD\"")]
    [InlineData("POST", Outcome, "\"\u00FF\"", "", "must be a JSON object", "\"\uFFFD\"")]
    [InlineData("POST", "/v1/models/fraud/replay", """{"version": "\ud800"}""", "version", "must be a version's number or label", "\"\\ud800\"")]
    [InlineData("POST", "/v1/models/fraud/replay", "{\"version\": \"\u00FF\"}", "version", "must be a version's number or label", "\"\uFFFD\"")]
    [InlineData("POST", "/v1/models/fraud/replay", """{"version": "2", "from": "\ud800"}""", "from", "must be an ISO 8601 time", "\"\\ud800\"")]
    [InlineData("POST", "/v1/models/fraud/replay", """{"version": "2", "\ud800": 1}""", "\\ud800", "is not a field of a replay", "1")]
    [InlineData("POST", "/v1/models/fraud/replay", "[\"\u00FF\"]", "", "must be a JSON object", "[\"\uFFFD\"]")]
    [InlineData("POST", "/v1/users/42/prefetch", """{"model": "\ud800"}""", "model", "must be a string of valid Unicode", "\"\\ud800\"")]
    [InlineData("POST", "/v1/users/42/prefetch", "{\"\u00FF\": \"fraud\"}", "\uFFFD", "is not a field of a prefetch", "\"fraud\"")]
    [InlineData("POST", "/v1/users/42/prefetch", "[\"\u00FF\"]", "", "must be a JSON object", "[\"\uFFFD\"]")]
    [InlineData("PUT", "/v1/users/42/features/profile", "{\"values\": {\"home_x\": \"\u00FF\"}}", "values.home_x", "must be a finite number", "\"\uFFFD\"")]
    [InlineData("PUT", "/v1/users/42/features/profile", """{"values": {"home_x": "\ud800"}}""", "values.home_x", "must be a finite number", "\"\\ud800\"")]
    [InlineData("PUT", "/v1/users/42/features/profile", """{"values": {"\ud800": 1}}""", "values.\\ud800", "is not a feature of view profile", "1")]
    [InlineData("PUT", "/v1/users/42/features/profile", "{\"event_time\": \"\u00FF\", \"values\": {\"home_x\": 1}}", "event_time", "must be an ISO 8601 time", "\"\uFFFD\"")]
    [InlineData("PUT", "/v1/users/42/features/profile", "{\"values\": {}, \"\u00FF\": 1}", "\uFFFD", "is not a field of a push", "1")]
    public async Task Body_TextIsNoUnicode_IsRefusedByItsField(string method, string path, string body, string field, string message, string value)
    {
        using var request = Request(new HttpMethod(method), path, Encoding.Latin1.GetBytes(body));
        using var response = await SendAsync(request);

        var problem = await Problem.ReadAsync(response);
        Assert.Equal((HttpStatusCode.UnprocessableEntity, InvalidInput), (problem.Status, problem.Code));
        var fault = problem.Errors[0];
        Assert.Equal((field, value), (fault.Field, fault.Value));
        Assert.StartsWith(message, fault.Message, StringComparison.Ordinal);
    }

    // Of things that are not there, so that one that is still good changes nothing.
    [Theory]
    [InlineData("POST", Outcome, """{"label": 0.5}""")]
    [InlineData("POST", Outcome, """{"label": true, "\ud83d\ude00": "\ud83d\ude00"}""")]
    [InlineData("POST", "/v1/models/none/replay", """{"version": "\ud83d\ude00", "from": "2026-04-01T00:00:00Z", "to": null, "limit": 10}""")]
    [InlineData("POST", "/v1/users/mutations/prefetch", """{"model": "n\u006fne"}""")]
    [InlineData("PUT", "/v1/users/mutations/features/none", """{"event_time": "2026-04-01T12:30:00Z", "values": {"home_x": 1.5, "\ud83d\ude00": "\ud83d\ude00"}}""")]
    public async Task Body_RandomMutationsOfAGoodOne_NeverAnswers5xx(string method, string path, string body)
    {
        var random = new Random(20260402);
        var bodies = Enumerable.Range(0, 500).Select(_ => Mutations.Of(Encoding.UTF8.GetBytes(body), random)).ToArray();

        await Parallel.ForAsync(0, bodies.Length, new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = TestContext.Current.CancellationToken }, async (i, cancellationToken) =>
        {
            using var request = Request(new HttpMethod(method), path, bodies[i]);
            using var response = await Server.Http.SendAsync(request, cancellationToken);
            Assert.True((int)response.StatusCode < 500, $"{(int)response.StatusCode} for {Encoding.Latin1.GetString(bodies[i])}");
        });
    }

    private async Task AssertOneFaultAsync(string body, string field, string message, string? value)
    {
        var problem = await PostBadAsync(body);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, problem.Status);
        AssertFault(problem, field, message, value);
        await AssertNoTraceAsync();
    }

    private static void AssertFault(Problem problem, string field, string message, string? value)
    {
        Assert.Equal(InvalidInput, problem.Code);
        var fault = Assert.Single(problem.Errors);
        Assert.Equal(field, fault.Field);
        Assert.Contains(message, fault.Message, StringComparison.Ordinal);
        Assert.Equal(value, fault.Value);
        Assert.Contains(fault.Message, problem.Detail, StringComparison.Ordinal);
    }

    private Task<Problem> PostBadAsync(string body, string path = Predict) => PostBadAsync(Encoding.UTF8.GetBytes(body), path);

    // Nothing is logged by a bad request, whoever it may have been for.
    private async Task<Problem> PostBadAsync(byte[] body, string path = Predict)
    {
        var logged = Server.Log.CountPredictions();
        using var request = Post(path, body);
        using var response = await SendAsync(request);

        var problem = await Problem.ReadAsync(response);
        Assert.Equal(logged, Server.Log.CountPredictions());
        return problem;
    }

    private async Task AssertNoTraceAsync()
    {
        var user = await Server.Http.GetJsonAsync($"/v1/users/{User}");
        Assert.Empty(user.GetProperty("features").EnumerateObject());
        Assert.Equal(JsonValueKind.Null, user.GetProperty("last_sequence").ValueKind);
        await AssertGoodRequestWorksAsync();
    }

    private async Task AssertGoodRequestWorksAsync()
    {
        var logged = Server.Log.CountPredictions();
        var (status, _) = await Server.Http.PostJsonAsync(Predict, """{"user_id": 42, "raw_feature": "3156"}""");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(logged + 1, Server.Log.CountPredictions());
    }

    private static HttpRequestMessage Post(string path, byte[] body) => Request(HttpMethod.Post, path, body);

    private static HttpRequestMessage Request(HttpMethod method, string path, byte[] body)
    {
        var content = new ByteArrayContent(body);
        content.Headers.ContentType = new("application/json");
        return new HttpRequestMessage(method, path) { Content = content };
    }

    private Task<HttpResponseMessage> SendAsync(HttpRequestMessage request) => Server.Http.SendAsync(request, TestContext.Current.CancellationToken);
}

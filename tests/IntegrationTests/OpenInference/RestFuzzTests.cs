using System.Globalization;
using System.Net;
using System.Text;
using IntegrationTests.Infrastructure;

namespace IntegrationTests.OpenInference;

/// <summary>Ten thousand malformed requests: none ends in a failure of ours, and the server lives on.</summary>
public sealed class RestFuzzTests(OpenInferenceServer server)
{
    private const int Requests = 10_000;

    private const string Several =
        """
        {"id": "7", "parameters": {"priority": 2, "bypass_cache": true, "binary_data_output": false},
         "inputs": [{"name": "amounts", "shape": [2, 2], "datatype": "FP32", "data": [[0.5, 1e2], [-2, "NaN"]]}, {"name": "counts", "shape": [2, 3], "datatype": "INT64", "data": [1, 2, 3, 4, 5, 9223372036854775807]},
                    {"data": ["a", "\u00fc"], "name": "names", "shape": [2, 1], "datatype": "BYTES"}, {"name": "flags", "shape": [2, 1], "datatype": "BOOL", "data": [true, 0]}],
         "outputs": [{"name": "total", "parameters": {"binary_data": true}}, {"name": "names_out"}]}
        """;

    private const string Binary = """{"inputs": [{"name": "x", "shape": [1, 2], "datatype": "BYTES", "parameters": {"binary_data_size": 10}}], "outputs": [{"name": "y", "parameters": {"binary_data": true}}]}""";

    private static readonly byte[] Strings = [2, 0, 0, 0, 65, 66, 0, 0, 0, 0];

    [Fact]
    public async Task Infer_TenThousandMalformedRequests_NeverFailOnOurSide()
    {
        var random = new Random(20260711);
        var requests = Enumerable.Range(0, Requests).Select(_ => Make(random)).ToArray();
        var statuses = new HttpStatusCode[Requests];

        await Parallel.ForAsync(0, Requests, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (i, cancellationToken) =>
        {
            using var request = requests[i].ToMessage();
            using var response = await server.Http.SendAsync(request, cancellationToken);
            statuses[i] = response.StatusCode;
        });

        Assert.All(statuses, (status, i) => Assert.True((int)status < 500, $"{(int)status} for {requests[i]}"));
        Assert.InRange(statuses.Count(status => status is HttpStatusCode.BadRequest), Requests / 2, Requests - 1);
        Assert.Contains(HttpStatusCode.OK, statuses);
        await server.Http.AssertLivesAsync();
    }

    private static Fuzzed Make(Random random) => random.Next(4) switch
    {
        0 => new("identity", Mutations.Of(Encoding.UTF8.GetBytes(Rest.Good), random), null),
        1 => new("several", Mutations.Of(Encoding.UTF8.GetBytes(Several), random), null),
        2 => new("identity-bytes", Mutations.Of([.. Encoding.UTF8.GetBytes(Binary), .. Strings], random), Length(random)),
        _ => new("identity", Mutations.Of(new byte[16], random), "0"),
    };

    private static string Length(Random random) => random.Next(4) switch
    {
        0 => random.Next(-2, Binary.Length + 20).ToString(CultureInfo.InvariantCulture),
        _ => Binary.Length.ToString(CultureInfo.InvariantCulture),
    };

    private sealed record Fuzzed(string Model, byte[] Body, string? HeaderLength)
    {
        public HttpRequestMessage ToMessage()
        {
            var request = Rest.Bytes(Model, Body, HeaderLength);
            if (HeaderLength is null) request.Content!.Headers.ContentType = new("application/json");
            return request;
        }

        public override string ToString() => $"{Model}, header length {HeaderLength ?? "(none)"}: {Encoding.Latin1.GetString(Body)}";
    }
}

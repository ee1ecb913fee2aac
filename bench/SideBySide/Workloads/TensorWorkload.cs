using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using OrleansInference.Api.Grpc.OpenInference.Wire;
using OrleansInference.SideBySide.Load;
using OrleansInference.SideBySide.Measuring;
using OrleansInference.SideBySide.Servers;
using OrleansInference.SideBySide.Setup;

namespace OrleansInference.SideBySide.Workloads;

/// <summary>F: raw tensors by the Open Inference Protocol, over REST and gRPC, 1 and 32 rows.</summary>
internal sealed class TensorWorkload : IWorkload
{
    private const int Columns = UserFeatures.Count + 1;
    private const int ManyRows = 32;
    private const string Method = "/inference.GRPCInferenceService/ModelInfer";
    private const float Tolerance = 1e-4f;

    public string Letter => "F";

    public async Task<WorkloadResult> RunAsync(Bench bench, CancellationToken cancellationToken)
    {
        var server = await bench.Fleet.GetAsync(bench.Contenders.OrleansInference(), cancellationToken);
        var contestants = new List<Contestant>();
        foreach (var rows in new[] { 1, ManyRows })
        {
            var (json, message) = (Json(rows), Message(rows).ToByteArray());
            await ThrowIfWrongAsync(bench.Workspace, server, rows, json, message, cancellationToken);
            var requests = new RequestCycle([json]);
            contestants.Add(new Contestant($"REST, {rows} rows", server, turn => ClosedLoop.RunAsync(server.Port, Bench.Connections, turn, requests.Next)));
            contestants.Add(new Contestant(
                $"gRPC, {rows} rows",
                server,
                turn => ClosedLoop.RunAsync(Bench.Connections, turn, async stop => new GrpcCaller(await GrpcExchange.ConnectAsync(server.GrpcPort, Method, message, stop)))));
        }

        var turns = await bench.Rounds.RunAsync(contestants, cancellationToken);
        return new WorkloadResult(
            Letter, "raw tensors, 32-256-256-1 perceptron", turns,
            [new("F: gRPC over REST JSON, 32 rows, requests/s", turns[3].Over(turns[2], turn => turn.PerSecond), 1.5)]);
    }

    // Both wires against ONNX Runtime.
    private static async Task ThrowIfWrongAsync(Workspace workspace, ServerProcess server, int rows, byte[] json, byte[] message, CancellationToken cancellationToken)
    {
        server.Resume();
        using var http = await HttpExchange.ConnectAsync(server.Port, cancellationToken);
        using var grpc = await GrpcExchange.ConnectAsync(server.GrpcPort, Method, message, cancellationToken);
        if (await http.SendAsync(json, cancellationToken) != 200 || !await grpc.CallAsync(cancellationToken)) throw new InvalidOperationException($"The request of {rows} rows was refused.");
        var expected = Run(workspace, rows);
        var overRest = JsonDocument.Parse(http.Body.ToArray()).RootElement.GetProperty("outputs")[0].GetProperty("data").EnumerateArray().Select(value => value.GetSingle()).ToArray();
        var overGrpc = MemoryMarshal.Cast<byte, float>(ModelInferResponse.Parser.ParseFrom(grpc.Message).RawOutputContents[0].Span).ToArray();
        foreach (var (wire, given) in new[] { ("REST", overRest), ("gRPC", overGrpc) })
        {
            if (given.Length != rows || given.Zip(expected).Any(pair => MathF.Abs(pair.First - pair.Second) > Tolerance))
                throw new InvalidOperationException($"{wire} answers {string.Join(", ", given)}, and ONNX Runtime {string.Join(", ", expected)}.");
        }

        server.Pause();
    }

    private static float[] Run(Workspace workspace, int rows)
    {
        using var session = new InferenceSession(BenchmarkModels.File(workspace, BenchmarkModels.Small));
        using var options = new RunOptions();
        using var input = OrtValue.CreateTensorValueFromMemory(Values(rows), [rows, Columns]);
        using var outputs = session.Run(options, [session.InputNames[0]], [input], [session.OutputNames[0]]);
        return outputs[0].GetTensorDataAsSpan<float>().ToArray();
    }

    private static float[] Values(int rows) => [.. Enumerable.Range(0, rows * Columns).Select(i => MathF.Round(i % 97 / 97f, 4))];

    private static byte[] Json(int rows) => HttpExchange.Post(
        $"/v2/models/{BenchmarkModels.Small}/infer",
        $$"""{"inputs":[{"name":"x","datatype":"FP32","shape":[{{rows}},{{Columns}}],"data":[{{string.Join(',', Values(rows).Select(value => value.ToString(CultureInfo.InvariantCulture)))}}]}]}""");

    private static ModelInferRequest Message(int rows)
    {
        var request = new ModelInferRequest { ModelName = BenchmarkModels.Small };
        request.Inputs.Add(new ModelInferRequest.Types.InferInputTensor { Name = "x", Datatype = "FP32", Shape = { rows, Columns } });
        request.RawInputContents.Add(ByteString.CopyFrom(MemoryMarshal.AsBytes(Values(rows).AsSpan())));
        return request;
    }
}

using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.ML.OnnxRuntime;
using OrleansInference.SideBySide.Servers;
using OrleansInference.SideBySide.Setup;

namespace OrleansInference.SideBySide.Measuring;

/// <summary>Whether a server answers what ONNX Runtime answers, before it is timed.</summary>
internal static class AnswerCheck
{
    private const int Requests = 20;
    private const double Tolerance = 1e-4;

    public static async Task ThrowIfWrongAsync(Workspace workspace, Contender contender, ServerProcess server, string model, string path, CancellationToken cancellationToken)
    {
        using var session = new InferenceSession(BenchmarkModels.File(workspace, model));
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{server.Port}") };
        server.Resume();
        for (var number = 0; number < Requests; number++)
        {
            var payment = Payment.Of(number, UserFeatures.CommonUsers);
            using var body = new StringContent(payment.Body, Encoding.UTF8, "application/json");
            using var response = await client.PostAsync(path, body, cancellationToken);
            response.EnsureSuccessStatusCode();
            var answer = await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
            var (given, expected) = (answer.GetProperty("prediction").GetDouble(), Run(session, payment.Inputs(model)));
            if (Math.Abs(given - expected) > Tolerance * Math.Max(1, Math.Abs(expected)))
                throw new InvalidOperationException($"{contender.Name} answers {given} to {payment.Body} of {model}, and ONNX Runtime {expected}.");
        }

        server.Pause();
    }

    private static float Run(InferenceSession session, float[] values)
    {
        using var options = new RunOptions();
        using var input = OrtValue.CreateTensorValueFromMemory(values, [1, values.Length]);
        using var outputs = session.Run(options, [session.InputNames[0]], [input], [session.OutputNames[0]]);
        return outputs[0].GetTensorDataAsSpan<float>()[^1];
    }
}

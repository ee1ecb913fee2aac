using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Mvc;

namespace OrleansInference.Api.Grpc;

/// <summary>Refuses a gRPC call that reached no service, in gRPC's way: HTTP 200, and the status in a header.</summary>
internal static class GrpcRefusal
{
    public static bool IsCall(HttpRequest request) => request.ContentType?.StartsWith("application/grpc", StringComparison.OrdinalIgnoreCase) is true;

    public static Task WriteAsync(HttpResponse response, ProblemDetails problem)
    {
        var code = Enum.Parse<InferenceErrorCode>((string)problem.Extensions["code"]!);
        response.StatusCode = StatusCodes.Status200OK;
        response.ContentType = "application/grpc";
        response.Headers["grpc-status"] = ((int)ErrorMapping.ToGrpc(code)).ToString(CultureInfo.InvariantCulture);
        response.Headers["grpc-message"] = Encode(GrpcErrors.Cut(problem.Detail ?? ""));
        return response.CompleteAsync();
    }

    // Percent-encoding as gRPC has it: everything but printable ASCII, and the percent sign itself.
    private static string Encode(string message)
    {
        var encoded = new StringBuilder(message.Length);
        foreach (var b in Encoding.UTF8.GetBytes(message))
        {
            if (b is >= 0x20 and <= 0x7E and not (byte)'%') encoded.Append((char)b);
            else encoded.Append(CultureInfo.InvariantCulture, $"%{b:X2}");
        }

        return encoded.ToString();
    }
}

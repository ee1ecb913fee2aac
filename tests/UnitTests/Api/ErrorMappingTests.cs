using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Orleans.Runtime;
using Orleans.Runtime.Messaging;
using Orleans.Storage;
using OrleansInference;
using OrleansInference.Api;
using OrleansInference.Api.Endpoints;

namespace UnitTests.Api;

/// <summary>The error table, row by row.</summary>
public sealed class ErrorMappingTests
{
    private const string Secret = "Host=db;Password=secret at Grains.Users.UserGrain";

    /// <summary>Every code, its status, and whether a wait belongs to it.</summary>
    public static TheoryData<InferenceErrorCode, int> Codes => new()
    {
        { InferenceErrorCode.Internal, 500 },
        { InferenceErrorCode.InvalidInput, 422 },
        { InferenceErrorCode.NotFound, 404 },
        { InferenceErrorCode.QueueFull, 429 },
        { InferenceErrorCode.Cancelled, 499 },
        { InferenceErrorCode.NotReady, 503 },
        { InferenceErrorCode.StorageUnavailable, 503 },
        { InferenceErrorCode.DeadlineExceeded, 504 },
        { InferenceErrorCode.ModelFailed, 500 },
        { InferenceErrorCode.Unauthenticated, 401 },
        { InferenceErrorCode.MethodNotAllowed, 405 },
        { InferenceErrorCode.PayloadTooLarge, 413 },
        { InferenceErrorCode.UnsupportedMediaType, 415 },
        { InferenceErrorCode.IdempotencyConflict, 409 },
        { InferenceErrorCode.Forbidden, 403 },
    };

    [Theory]
    [MemberData(nameof(Codes))]
    public void ToProblem_Code_HasItsStatus(InferenceErrorCode code, int status)
    {
        var problem = ErrorMapping.ToProblem(new InferenceException(code, "What happened."));

        Assert.Equal(status, problem.Status);
        Assert.Equal("What happened.", problem.Detail);
        Assert.Equal(code.ToString(), problem.Extensions["code"]);
    }

    [Fact]
    public void Codes_Table_IsComplete() =>
        Assert.Equal(Enum.GetValues<InferenceErrorCode>().Order(), Codes.Select(row => row.Data.Item1).Order());

    [Fact]
    public void ToProblem_Codes_HaveTitlesOfTheirOwn()
    {
        var titles = Enum.GetValues<InferenceErrorCode>().Select(code => ErrorMapping.Describe(code).Title).ToList();

        Assert.Equal(titles.Count, titles.Distinct().Count());
    }

    public static TheoryData<Exception, int, string, string?> Exceptions => new()
    {
        { new InferenceException(InferenceErrorCode.QueueFull, "The queue is full.", TimeSpan.FromMilliseconds(300)), 429, "QueueFull", "1" },
        { new InferenceException(InferenceErrorCode.StorageUnavailable, "No database.", TimeSpan.FromSeconds(2.1)), 503, "StorageUnavailable", "3" },
        { new InferenceException(InferenceErrorCode.NotReady, "Moving.", TimeSpan.Zero), 503, "NotReady", "1" },
        { new TimeoutException(Secret), 504, "DeadlineExceeded", null },
        { new SiloUnavailableException(Secret), 503, "NotReady", "1" },
        { Unconstructed<OrleansMessageRejectionException>(), 503, "NotReady", "1" },
        { new ConnectionFailedException(Secret), 503, "NotReady", "1" },
        { Unconstructed<ClientNotAvailableException>(), 503, "NotReady", "1" },
        { new InconsistentStateException(Secret), 503, "NotReady", "1" },
        { new OperationCanceledException(Secret), 499, "Cancelled", null },
        { new TaskCanceledException(Secret), 499, "Cancelled", null },
        { new InvalidOperationException(Secret), 500, "Internal", null },
        { new SocketException(10061, Secret), 500, "Internal", null },
        { new AggregateException(new InvalidOperationException(Secret)), 500, "Internal", null },
    };

    [Theory]
    [MemberData(nameof(Exceptions))]
    public void ToInferenceException_Exception_LandsOnItsRow(Exception exception, int status, string code, string? retryAfter)
    {
        var told = ErrorMapping.ToInferenceException(exception);
        var problem = ErrorMapping.ToProblem(told);

        Assert.Equal((status, code, retryAfter), (problem.Status, problem.Extensions["code"], ErrorMapping.ToRetryAfter(told)));
        Assert.DoesNotContain("secret", problem.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain("Orleans", problem.Detail, StringComparison.Ordinal);
        Assert.NotEmpty(problem.Detail!);
    }

    [Fact]
    public void ToProblem_InvalidInput_ListsEveryField()
    {
        var problem = ErrorMapping.ToProblem(InferenceException.InvalidInput(
            new FieldError("user_id", "is required", null), new FieldError("amount", "must be at least 0", "-1")));

        Assert.Equal("user_id is required; amount must be at least 0", problem.Detail);
        Assert.Equal([new FaultBody("user_id", "is required", null), new FaultBody("amount", "must be at least 0", "-1")], Faults(problem));
    }

    [Fact]
    public void ToProblem_FloodOfFaults_ListsTheFirst()
    {
        var faults = Enumerable.Range(0, 51).Select(i => new FieldError($"f{i}", "is not a field", "1")).ToArray();

        var problem = ErrorMapping.ToProblem(InferenceException.InvalidInput(faults));

        Assert.Equal(50, Faults(problem).Length);
        Assert.EndsWith("f49 is not a field; and 1 more faults", problem.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(400, "InvalidInput")]
    [InlineData(408, "InvalidInput")]
    [InlineData(413, "PayloadTooLarge")]
    [InlineData(415, "UnsupportedMediaType")]
    [InlineData(431, "InvalidInput")]
    public void ToProblem_RefusedByHttp_KeepsItsStatus(int status, string code)
    {
        var problem = ErrorMapping.ToProblem(new BadHttpRequestException("What happened.", status));

        Assert.Equal((status, code, "What happened."), (problem.Status, problem.Extensions["code"], problem.Detail));
    }

    [Theory]
    [InlineData(404, "NotFound")]
    [InlineData(405, "MethodNotAllowed")]
    [InlineData(401, "Unauthenticated")]
    [InlineData(403, "Forbidden")]
    [InlineData(502, "Internal")]
    public void ToProblem_BareStatus_KeepsIt(int status, string code)
    {
        var problem = ErrorMapping.ToProblem(status, "What happened.");

        Assert.Equal((status, code, "What happened."), (problem.Status, problem.Extensions["code"], problem.Detail));
    }

    // Orleans keeps the constructors to itself.
    private static T Unconstructed<T>()
        where T : Exception => (T)RuntimeHelpers.GetUninitializedObject(typeof(T));

    private static FaultBody[] Faults(ProblemDetails problem) => Assert.IsType<FaultBody[]>(problem.Extensions["errors"]);
}

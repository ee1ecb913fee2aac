using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using IntegrationTests.Infrastructure;

namespace IntegrationTests.Cluster;

/// <summary>Constant load: clients that each ask for an event of one of their users after the other, at a steady rate, of each API in turn.</summary>
/// <remarks>A user's events are six hours apart, so that windows of one day to thirty lose some while they run, and end before now.</remarks>
internal sealed class ClusterLoad : IAsyncDisposable
{
    private const int Clients = 8;
    private const int MostEvents = 150;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(Soak.Rounds(inEachRun: 2, whole: 10));

    private readonly ClusterProcesses _cluster;
    private readonly string _prefix;
    private readonly int _users;
    private readonly DateTimeOffset _start = DateTimeOffset.UtcNow.AddDays(-40).AddHours(-3);
    private readonly ConcurrentQueue<ClusterRequest> _requests = new();
    private readonly CancellationTokenSource _ended = new();
    private readonly Task _running;

    private ClusterLoad(ClusterProcesses cluster, string prefix, int users, int perSecond)
    {
        (_cluster, _prefix, _users) = (cluster, prefix, users);
        _running = Task.WhenAll(Enumerable.Range(0, Clients).Select(client => Task.Run(() => RunAsync(client, TimeSpan.FromSeconds((double)Clients / perSecond)))));
    }

    /// <summary>Everything that was asked so far.</summary>
    public IReadOnlyList<ClusterRequest> Requests => [.. _requests];

    public IEnumerable<string> Users => Enumerable.Range(0, _users).Select(User);

    /// <summary>Begins with users that nobody else asks for.</summary>
    public static ClusterLoad Start(ClusterProcesses cluster, string prefix, int users, int perSecond) => new(cluster, prefix, users, perSecond);

    /// <summary>Waits for that many more answers, as the measure of time under load.</summary>
    public Task WaitForAnswersAsync(int count) => WaitForAsync(count, "were answered", request => request.Failure is null);

    /// <summary>Waits for that many more failures.</summary>
    public Task WaitForFailuresAsync(int count) => WaitForAsync(count, "failed", request => request.Failure is not null);

    /// <summary>Asks no more and waits for the last answers.</summary>
    public async Task<IReadOnlyList<ClusterRequest>> StopAsync()
    {
        await _ended.CancelAsync();
        await _running;
        return Requests;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _ended.Dispose();
    }

    private async Task WaitForAsync(int count, string what, Func<ClusterRequest, bool> counts)
    {
        var (wanted, startedAt) = (_requests.Count(counts) + count, Stopwatch.GetTimestamp());
        while (_requests.Count(counts) is var now && now < wanted)
        {
            if (Stopwatch.GetElapsedTime(startedAt) > Patience || _running.IsFaulted)
                throw new TimeoutException($"Only {now} of {wanted} predictions {what} within {Patience}. The last that failed: {_requests.LastOrDefault(request => request.Failure is not null)}; the load: {_running.Exception}");
            await Task.Delay(50, CancellationToken.None);
        }
    }

    private string User(int user) => string.Create(CultureInfo.InvariantCulture, $"{_prefix}-{user}");

    private async Task RunAsync(int client, TimeSpan period)
    {
        using var pace = new PeriodicTimer(period);
        for (var turn = 0; !_ended.IsCancellationRequested; turn++)
        {
            var mine = (_users - client + Clients - 1) / Clients;
            var user = client + (turn % mine * Clients);
            var number = turn / mine;
            if (number < MostEvents) _requests.Enqueue(await AskAsync(User(user), number, _cluster.Apis[(client + turn) % _cluster.Apis.Count]));
            await pace.WaitForNextTickAsync();
        }
    }

    private async Task<ClusterRequest> AskAsync(string user, int number, HttpClient api)
    {
        var at = _start.AddHours(6 * number).ToString("O", CultureInfo.InvariantCulture);
        var startedAt = Stopwatch.GetTimestamp();
        try
        {
            using var content = new StringContent($$"""{"user_id": "{{user}}", "raw_feature": "{{100 + (number % 20)}}", "amount": {{1 + (number % 50)}}, "at": "{{at}}"}""", System.Text.Encoding.UTF8, "application/json");
            using var response = await api.PostAsync("/predict", content);
            var body = await Json.ReadAsync(response);
            var elapsed = Stopwatch.GetElapsedTime(startedAt);
            return response.StatusCode is HttpStatusCode.OK
                ? new ClusterRequest(user, Guid.Parse(body.GetProperty("prediction_id").GetString()!), elapsed, null)
                : new ClusterRequest(user, null, elapsed, $"{(int)response.StatusCode} {body}");
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            return new ClusterRequest(user, null, Stopwatch.GetElapsedTime(startedAt), e.Message);
        }
    }
}

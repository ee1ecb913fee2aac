using System.Threading.Channels;
using Grpc.Core;

namespace OrleansInference.Api.Grpc;

/// <summary>Answers each request of a stream as it is done.</summary>
/// <remarks>
/// Promises: at most so many requests are under way, and the next one is read only when one of them has been answered, so that
/// a caller that does not read is not read from; every request read is answered once, unless the stream ends before.
/// </remarks>
internal static class StreamAnswers
{
    /// <param name="requests">Read to its end.</param>
    /// <param name="responses">Written by one at a time.</param>
    /// <param name="concurrency">Most requests under way.</param>
    /// <param name="answer">Answers one request, given with its place in the stream; what it throws ends the stream.</param>
    /// <param name="cancellationToken">The caller has gone.</param>
    public static async Task RunAsync<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requests,
        IServerStreamWriter<TResponse> responses,
        int concurrency,
        Func<TRequest, long, Task<TResponse>> answer,
        CancellationToken cancellationToken)
    {
        using var free = new SemaphoreSlim(concurrency);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var answers = Channel.CreateUnbounded<TResponse>(new UnboundedChannelOptions { SingleReader = true });
        var writing = WriteAsync(answers.Reader, responses, free, stop);
        await ReadAsync(requests, answers.Writer, free, answer, stop.Token);
        await writing;
    }

    private static async Task ReadAsync<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requests,
        ChannelWriter<TResponse> answers,
        SemaphoreSlim free,
        Func<TRequest, long, Task<TResponse>> answer,
        CancellationToken stop)
    {
        var underWay = new List<Task>();
        try
        {
            for (var index = 0L; await MoveNextAsync(requests, free, stop); index++)
            {
                underWay.RemoveAll(task => task.IsCompletedSuccessfully);
                underWay.Add(AnswerAsync(requests.Current, index, answers, answer));
            }

            await Task.WhenAll(underWay);
            answers.Complete();
        }
        catch (Exception e)
        {
            answers.Complete(e);
            throw;
        }
    }

    private static async Task<bool> MoveNextAsync<TRequest>(IAsyncStreamReader<TRequest> requests, SemaphoreSlim free, CancellationToken stop)
    {
        await free.WaitAsync(stop);
        return await requests.MoveNext(stop);
    }

    private static async Task AnswerAsync<TRequest, TResponse>(TRequest request, long index, ChannelWriter<TResponse> answers, Func<TRequest, long, Task<TResponse>> answer) =>
        await answers.WriteAsync(await answer(request, index));

    private static async Task WriteAsync<TResponse>(
        ChannelReader<TResponse> answers, IServerStreamWriter<TResponse> responses, SemaphoreSlim free, CancellationTokenSource stop)
    {
        try
        {
            await foreach (var answer in answers.ReadAllAsync(stop.Token))
            {
                await responses.WriteAsync(answer, stop.Token);
                free.Release();
            }
        }
        catch
        {
            // Nobody reads the answers any more: no further request is begun.
            await stop.CancelAsync();
            throw;
        }
    }
}

namespace OrleansInference.SideBySide.Load;

/// <summary>One of those who ask: a connection, and what it asks for.</summary>
internal interface ILoadCaller : IDisposable
{
    /// <summary>Asks once; whether the answer was a good one.</summary>
    ValueTask<bool> AskAsync(CancellationToken cancellationToken);
}

/// <summary>Over HTTP/1.1.</summary>
internal sealed class HttpCaller(HttpExchange exchange, NextRequest next) : ILoadCaller
{
    public async ValueTask<bool> AskAsync(CancellationToken cancellationToken) => await exchange.SendAsync(next(), cancellationToken) == 200;

    public void Dispose() => exchange.Dispose();
}

/// <summary>Over gRPC.</summary>
internal sealed class GrpcCaller(GrpcExchange exchange) : ILoadCaller
{
    public ValueTask<bool> AskAsync(CancellationToken cancellationToken) => exchange.CallAsync(cancellationToken);

    public void Dispose() => exchange.Dispose();
}

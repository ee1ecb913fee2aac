namespace FraudDemo;

/// <summary>A small HTTP service that is running: listening since it was made, until it is disposed.</summary>
public interface IDemoService : IAsyncDisposable
{
    /// <summary>Where it listens, with the real port when port 0 was asked for.</summary>
    Uri Address { get; }

    /// <summary>HTTP requests received so far, refused ones included.</summary>
    long Requests { get; }
}

using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;

namespace IntegrationTests.Infrastructure;

/// <summary>How a webhook's receiver can be bad.</summary>
public enum Badness
{
    /// <summary>Nobody listens.</summary>
    Down,

    /// <summary>It takes requests and never answers.</summary>
    Slow,

    /// <summary>It answers 500.</summary>
    Fails,

    /// <summary>It answers 429 with Retry-After.</summary>
    Busy,

    /// <summary>It answers what is no HTTP.</summary>
    Garbage,
}

/// <summary>A bad receiver on a port, until it is disposed; then another one can have the port.</summary>
internal static class BadReceiver
{
    public static async Task<IAsyncDisposable?> StartAsync(Badness badness, int port) => badness switch
    {
        Badness.Down => null,
        Badness.Garbage => new GarbageReceiver(port),
        Badness.Slow => await TestHttpService.StartAsync(context => Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default), port),
        Badness.Busy => await TestHttpService.StartAsync(
            context =>
            {
                context.Response.StatusCode = StatusCodes.Status429TooManyRequests;
                context.Response.Headers.RetryAfter = "1";
                return Task.CompletedTask;
            },
            port),
        _ => await TestHttpService.StartAsync(
            context =>
            {
                context.Response.StatusCode = StatusCodes.Status500InternalServerError;
                return Task.CompletedTask;
            },
            port),
    };

    private sealed class GarbageReceiver : IAsyncDisposable
    {
        private readonly TcpListener _listener;
        private readonly Task _accepting;

        public GarbageReceiver(int port)
        {
            _listener = new TcpListener(IPAddress.Loopback, port);
            _listener.Start();
            _accepting = AcceptAsync();
        }

        public async ValueTask DisposeAsync()
        {
            _listener.Stop();
            await _accepting;
        }

        private async Task AcceptAsync()
        {
            try
            {
                while (true)
                {
                    using var client = await _listener.AcceptTcpClientAsync();
                    await client.GetStream().WriteAsync("\0\u0001no HTTP at all\r\n\r\n"u8.ToArray());
                }
            }
            catch (Exception e) when (e is SocketException or InvalidOperationException or IOException)
            {
                // Stopped.
            }
        }
    }
}

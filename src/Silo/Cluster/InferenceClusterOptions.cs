using System.ComponentModel.DataAnnotations;

namespace OrleansInference.Silo.Cluster;

/// <summary>How processes find each other, and how they find out that one is gone. Section <c>Inference:Cluster</c>.</summary>
public sealed class InferenceClusterOptions : IValidatableObject
{
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    /// <summary>The service's name, a part of the keys of its state: the same for ever. Default: orleans-inference.</summary>
    public string ServiceId { get; set; } = "orleans-inference";

    /// <summary>The cluster's name, one for each environment: processes with another one are strangers. Default: inference.</summary>
    public string ClusterId { get; set; } = "inference";

    /// <summary>Where the list of silos is kept, in the form of StackExchange.Redis: <c>host:6379,password=…,ssl=true</c>. Never logged. It must survive a restart of Redis.</summary>
    public string Redis { get; set; } = "";

    /// <summary>Longest wait at the start for Redis, and for a client's first silo. Default: 30 s; 0.1 s to 5 min.</summary>
    public TimeSpan StartTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How often each silo probes its neighbours, and how long it waits for the answer; up to half as long again where answers come late. Default: 1 s; 0.1 s to 5 min.</summary>
    public TimeSpan ProbeTimeout { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>After how many probes without an answer a silo is declared dead, and its users go to others. Default: 2; 1 to 100.</summary>
    public int NumMissedProbesLimit { get; set; } = 2;

    /// <summary>How often a client reads the list of silos: until then it goes on calling one that stands still. Default: 1 s; 0.1 s to 5 min.</summary>
    public TimeSpan GatewayRefreshPeriod { get; set; } = TimeSpan.FromSeconds(1);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Redis.Length == 0) yield return new("Redis is not set. Set it, since Inference:Mode is not Embedded: host:6379, with ,password=… where it has one.");
        if (ServiceId.Length == 0) yield return new("ServiceId is empty. Set a name, or leave it out.");
        if (ClusterId.Length == 0) yield return new("ClusterId is empty. Set a name, or leave it out.");
        if (NumMissedProbesLimit is < 1 or > 100) yield return new($"NumMissedProbesLimit is {NumMissedProbesLimit}. Set it to 1 to 100.");
        foreach (var (name, value) in new[] { (nameof(StartTimeout), StartTimeout), (nameof(ProbeTimeout), ProbeTimeout), (nameof(GatewayRefreshPeriod), GatewayRefreshPeriod) })
        {
            if (value < Shortest || value > Longest) yield return new($"{name} is {value}. Set it to {Shortest} to {Longest}.");
        }
    }
}

namespace OrleansInference.Api.OpenInference;

/// <summary>The parameters of an inference request that mean something here; all others are ignored, as the protocol wants it.</summary>
/// <remarks>
/// <list type="bullet">
/// <item><c>priority</c>: 0 (none given) and 1 (the highest) are interactive, every lower one (2 and above) is bulk.</item>
/// <item><c>timeout</c>: what is left of the caller's time, in microseconds; 0 is none.</item>
/// <item><c>routing_key</c>: what the canary's share is drawn by.</item>
/// <item><c>bypass_cache</c>: whether to compute even where the prediction cache has the answer.</item>
/// <item><c>binary_data_output</c>: whether outputs come back as bytes where they do not say themselves (REST).</item>
/// </list>
/// </remarks>
internal sealed class RequestParameters
{
    private const long LowestInteractive = 1;

    // Nobody waits longer than a day, and a timer takes no more than 49 of them.
    private static readonly TimeSpan LongestTimeout = TimeSpan.FromDays(1);

    public InferencePriority Priority { get; private set; }

    public TimeSpan? Timeout { get; private set; }

    public string? RoutingKey { get; private set; }

    public bool BypassCache { get; private set; }

    public bool BinaryOutput { get; private set; }

    /// <summary>Takes one parameter of the request.</summary>
    /// <exception cref="InferenceException">InvalidInput: it means something here, but not with this value.</exception>
    public void Set(string name, ParameterValue value)
    {
        switch (name)
        {
            case "priority":
                Priority = Natural(name, value, "0 (default) or 1 for interactive, 2 and above for bulk") > LowestInteractive ? InferencePriority.Bulk : InferencePriority.Interactive;
                break;
            case "timeout":
                Limit(TimeSpan.FromMicroseconds(Math.Min(Natural(name, value, "microseconds, or 0 for none"), (long)LongestTimeout.TotalMicroseconds)));
                break;
            case "routing_key":
                RoutingKey = value.Text ?? throw Fault(name, value, "a string");
                break;
            case "bypass_cache":
                BypassCache = Boolean(name, value);
                break;
            case "binary_data_output":
                BinaryOutput = Boolean(name, value);
                break;
        }
    }

    /// <summary>The caller's time, told beside the parameters too; the shortest holds, and zero is none.</summary>
    public void Limit(TimeSpan timeout)
    {
        if (timeout == TimeSpan.Zero) return;
        var shortest = timeout < LongestTimeout ? timeout : LongestTimeout;
        if (Timeout is null || shortest < Timeout) Timeout = shortest;
    }

    /// <summary>Tells a parameter's fault in the words of both protocols.</summary>
    public static InferenceException Fault(string name, ParameterValue value, string wanted) =>
        InferenceException.InvalidInput(new FieldError($"parameter '{name}'", $"is {value.Display}; send {wanted}", value.Display));

    private static long Natural(string name, ParameterValue value, string wanted) =>
        value.Integer is >= 0 and var number ? number : throw Fault(name, value, $"a whole number: {wanted}");

    private static bool Boolean(string name, ParameterValue value) => value.Boolean ?? throw Fault(name, value, "true or false");
}

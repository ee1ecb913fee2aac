namespace OrleansInference.Grains.Models.Scheduling;

/// <summary>One thread and its bed: each sleep ends with exactly one wake-up, whichever comes first.</summary>
internal sealed class InferenceThread
{
    private readonly object _bed = new();
    private readonly Thread _thread;
    private bool _isWoken;

    public InferenceThread(string name, Action<InferenceThread> run) => _thread = new Thread(() => run(this)) { Name = name, IsBackground = true };

    public void Start() => _thread.Start();

    public void Sleep()
    {
        lock (_bed)
        {
            while (!_isWoken) Monitor.Wait(_bed);
            _isWoken = false;
        }
    }

    public void Wake()
    {
        lock (_bed)
        {
            _isWoken = true;
            Monitor.Pulse(_bed);
        }
    }

    public void Join() => _thread.Join();
}

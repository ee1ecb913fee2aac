using OrleansInference;
using OrleansInference.Grains.Models.Sessions;

namespace TestServer;

/// <summary>The real sessions, with the thread and the cancellation of each run noted on standard output.</summary>
internal sealed class RecordingSessions : IModelSessionFactory
{
    private static volatile bool _recording;

    private readonly OnnxModelSessionFactory _real = new();

    /// <summary>From now on: what ran before was warm-up.</summary>
    public static void Begin() => _recording = true;

    public IModelSession Load(string modelFile) => new RecordingSession(_real.Load(modelFile));

    private sealed class RecordingSession(IModelSession real) : IModelSession
    {
        public ModelMetadata Metadata => real.Metadata;

        public IReadOnlyList<Tensor> Run(IReadOnlyList<Tensor> inputs, CancellationToken cancellationToken) => Note(() => real.Run(inputs, cancellationToken));

        public bool Run(InferenceBatch batch, CancellationToken cancellationToken) => Note(() => real.Run(batch, cancellationToken));

        private static T Note<T>(Func<T> run)
        {
            if (_recording) Console.WriteLine($"run on thread '{Thread.CurrentThread.Name}' pool={Thread.CurrentThread.IsThreadPoolThread}");
            try
            {
                return run();
            }
            catch (OperationCanceledException)
            {
                if (_recording) Console.WriteLine("run was cancelled");
                throw;
            }
        }

        public void Dispose() => real.Dispose();
    }
}

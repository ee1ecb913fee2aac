using OrleansInference.Grains;
using OrleansInference.Silo;
using UnitTests.Fakes;

namespace UnitTests.Silo;

public sealed class DataDirectoryLockTests : IDisposable
{
    private readonly TestDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Acquire_FolderIsMissing_CreatesIt()
    {
        using var held = DataDirectoryLock.Acquire(_directory.PathOf("a", "b"));

        Assert.True(Directory.Exists(_directory.PathOf("a", "b")));
    }

    [Fact]
    public void Acquire_Taken_NamesTheHolderAndTheRemedy()
    {
        using var held = DataDirectoryLock.Acquire(_directory.Path);

        var fault = Assert.Throws<InferenceStartupException>(() => DataDirectoryLock.Acquire(_directory.Path));

        Assert.Equal(
            $"The data directory {_directory.Path} cannot be taken: process {Environment.ProcessId} is using it. Stop that process, or set Inference:DataDirectory to another directory.",
            fault.Message);
    }

    [Fact]
    public void Acquire_Released_CanBeTakenAgain()
    {
        DataDirectoryLock.Acquire(_directory.Path).Dispose();

        using var held = DataDirectoryLock.Acquire(_directory.Path);

        Assert.NotNull(held);
    }

    [Fact]
    public void Acquire_FileOfADeadProcess_IsTaken()
    {
        _directory.Write("lock", "");
        _directory.Write("lock.pid", "99999999");

        using var held = DataDirectoryLock.Acquire(_directory.Path);

        Assert.NotNull(held);
    }

    [Fact]
    public void Acquire_OtherDirectory_IsTakenBeside()
    {
        using var first = DataDirectoryLock.Acquire(_directory.PathOf("a"));
        using var second = DataDirectoryLock.Acquire(_directory.PathOf("b"));

        Assert.NotSame(first, second);
    }

    [Fact]
    public void Acquire_PathIsAFile_NamesIt()
    {
        var file = _directory.Write("file", "");

        Assert.Contains(file, Assert.Throws<InferenceStartupException>(() => DataDirectoryLock.Acquire(file)).Message, StringComparison.Ordinal);
    }
}

using System.Runtime.InteropServices;

namespace OrleansInference.Grains.Models.Loading;

/// <summary>Lets a thread's work give way to everybody else's.</summary>
internal static partial class ThreadNiceness
{
    private const int PrioProcess = 0;
    private const int CallingThread = 0;
    private const int GivesWay = 15;

    /// <summary>For a thread that ends with its work: what gives way may not take it back.</summary>
    /// <remarks>.NET's own Thread.Priority does nothing on Linux, where a niceness belongs to a thread. Elsewhere the thread stays as it is.</remarks>
    public static void GiveWay()
    {
        if (OperatingSystem.IsLinux()) _ = SetPriority(PrioProcess, CallingThread, GivesWay);
    }

    [LibraryImport("libc", EntryPoint = "setpriority")]
    private static partial int SetPriority(int which, int who, int niceness);
}

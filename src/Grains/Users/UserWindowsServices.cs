using Microsoft.Extensions.Logging;
using OrleansInference.Grains.Diagnostics;

namespace OrleansInference.Grains.Users;

/// <summary>What the windows of all users share.</summary>
internal sealed record UserWindowsServices(
    WindowLoader Loader, UserSnapshots Snapshots, SnapshotSchedule Schedule, TimeProvider Time, InferenceInstruments Instruments, ILogger<UserWindows> Logger);

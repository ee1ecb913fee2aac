namespace OrleansInference.Grains.Diagnostics;

/// <summary>Log event ids, one range per area, so that an alert rule survives a reworded message.</summary>
public static class EventIds
{
    // 900: what grains keep
    public const int StateFailed = 901;

    // 1000: models
    public const int ModelLoaded = 1001;
    public const int ModelSwapped = 1003;
    public const int ModelUnloaded = 1004;
    public const int ModelLoadFailed = 1005;
    public const int WarmUpFailed = 1006;
    public const int RepositoryUnreadable = 1007;
    public const int RepositoryLookFailed = 1008;
    public const int JoiningStopped = 1009;
    public const int ControlUnreadable = 1010;
    public const int ControlNotRead = 1016;
    public const int EnsembleNotFollowed = 1018;
    public const int RepositoryMirrorStale = 1011;
    public const int RepositoryMirrorFresh = 1012;
    public const int RepositoryModelNotMirrored = 1013;
    public const int RepositoryBlobRefused = 1014;
    public const int RepositoryMirrorDiscarded = 1015;
    public const int CanaryDemoted = 1021;
    public const int CanaryDemotionNotKept = 1022;
    public const int ShadowFailed = 1023;

    // 2000: features
    public const int FeatureViewFailed = 2001;
    public const int ExternalServiceFailed = 2002;
    public const int FeatureViewNotChecked = 2011;
    public const int InvalidationsListening = 2012;
    public const int InvalidationsLost = 2013;
    public const int ExternalServiceLate = 2060;
    public const int ExternalServiceNotAsked = 2061;
    public const int ExternalBreakerOpened = 2062;
    public const int ExternalBreakerClosed = 2063;
    public const int LookupReloaded = 2080;
    public const int LookupReloadFailed = 2081;

    public const int SnapshotNotWritten = 2041;
    public const int SnapshotUnreadable = 2042;
    public const int SnapshotOutageBegan = 2043;
    public const int SnapshotOutageEnded = 2044;

    // 3000: post-processing
    public const int MessageDelivered = 3001;
    public const int MessageFailed = 3002;
    public const int MessageDead = 3003;
    public const int OutboxUnavailable = 3004;
    public const int LogCommitFailed = 3005;
    public const int UserSuperseded = 3006;
    public const int RecordLost = 3007;
    public const int Retired = 3008;
    public const int RetentionFailed = 3009;
    public const int UserErased = 3010;
    public const int LogCheckpointFailed = 3011;
    public const int LogWritesPending = 3012;
    public const int MessageLeaseLost = 3021;
    public const int MessageSettledLater = 3022;
    public const int MessageNotSettled = 3023;
    public const int MessagesReleased = 3024;
    public const int MessagesNotReleased = 3025;
    public const int OutboxNotCounted = 3026;
    public const int MessageResent = 3027;
    public const int TargetPaused = 3028;
    public const int DatabaseAwaited = 3030;
    public const int QualityNotMeasured = 3031;
    public const int ReplayStarted = 3032;
    public const int ReplayEnded = 3033;
    public const int ReplayFailed = 3034;
    public const int ReplaysNotResumed = 3035;

    // 4000: the API
    public const int RequestFailed = 4001;
    public const int CallFailed = 4002;
}

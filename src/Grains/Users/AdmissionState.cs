namespace OrleansInference.Grains.Users;

/// <summary>The life of an <see cref="Admission"/>.</summary>
internal enum AdmissionState : byte
{
    /// <summary>The prediction is being made.</summary>
    Admitted = 0,

    /// <summary>Its record is with the log.</summary>
    HandedOver = 1,

    /// <summary>Its record is in the log; earlier ones may still be on their way.</summary>
    Appended = 2,

    /// <summary>It is gone, or what it counted is: it must not be recorded.</summary>
    Failed = 3,
}

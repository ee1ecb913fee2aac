namespace OrleansInference;

/// <summary>Element types of tensors, named as in the Open Inference Protocol.</summary>
public enum TensorDatatype : byte
{
    /// <summary>One byte, 0 or 1.</summary>
    BOOL = 1,

    /// <summary>Unsigned, 1 byte.</summary>
    UINT8 = 2,

    /// <summary>Unsigned, 2 bytes.</summary>
    UINT16 = 3,

    /// <summary>Unsigned, 4 bytes.</summary>
    UINT32 = 4,

    /// <summary>Unsigned, 8 bytes.</summary>
    UINT64 = 5,

    /// <summary>Signed, 1 byte.</summary>
    INT8 = 6,

    /// <summary>Signed, 2 bytes.</summary>
    INT16 = 7,

    /// <summary>Signed, 4 bytes.</summary>
    INT32 = 8,

    /// <summary>Signed, 8 bytes.</summary>
    INT64 = 9,

    /// <summary>IEEE 754, 2 bytes.</summary>
    FP16 = 10,

    /// <summary>IEEE 754, 4 bytes.</summary>
    FP32 = 11,

    /// <summary>IEEE 754, 8 bytes.</summary>
    FP64 = 12,

    /// <summary>Strings: each a 4-byte little-endian length and its bytes.</summary>
    BYTES = 13,

    /// <summary>The upper half of an FP32, 2 bytes.</summary>
    BF16 = 14,
}

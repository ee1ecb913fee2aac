using System.IO.Hashing;
using System.Runtime.InteropServices;
using OrleansInference.Grains.Features;

namespace OrleansInference.Grains.PostProcessing;

/// <summary>Tells two requests apart, so that an idempotency key or prediction id that comes again with another body is found out.</summary>
/// <remarks>The order of the fields and the choice between a name and its alias make no difference; a null is a field not sent.</remarks>
public static class RequestFingerprint
{
    public static long Of(RequestContract contract, PredictionRequest request)
    {
        // A sum, since it has no order; each part is a hash already.
        ulong sum = 0;
        foreach (var (name, value) in request.Fields)
        {
            if (value.Kind is not RequestValueKind.Null) sum += Hash(contract.Fields[contract.IndexOf(name)].Name, value);
        }

        // No field's name has a line break.
        foreach (var (name, value) in request.Overrides) sum += Hash($"features\n{name}", value);
        return (long)sum;
    }

    private static ulong Hash(string name, RequestValue value)
    {
        var number = BitConverter.DoubleToUInt64Bits(value.Number);
        var seed = unchecked((long)XxHash64.HashToUInt64(MemoryMarshal.AsBytes(name.AsSpan()), (long)value.Kind));
        var text = XxHash64.HashToUInt64(MemoryMarshal.AsBytes((value.Text ?? "").AsSpan()), seed);
        return XxHash64.HashToUInt64(MemoryMarshal.AsBytes(new ReadOnlySpan<ulong>(in number)), (long)text);
    }
}

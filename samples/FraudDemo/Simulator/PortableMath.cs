namespace FraudDemo;

/// <summary>Mathematics that gives the same bits everywhere.</summary>
/// <remarks>
/// IEEE 754 fixes + - * / and the square root to the last bit and .NET never fuses them, but <see cref="Math.Log(double)"/> comes
/// from each platform's C library, and a last bit that differs can turn a draw that is kept into one that is dropped.
/// </remarks>
internal static class PortableMath
{
    private const double Ln2 = 0.693147180559945309417;

    /// <summary>Natural logarithm of a positive normal number, to about one unit in the last place.</summary>
    public static double Log(double x)
    {
        var (mantissa, exponent) = Split(x);

        // ln m = 2 artanh(s) with s = (m - 1) / (m + 1); |s| < 0.172, so the term in s^23 is below 2^-62.
        var s = (mantissa - 1) / (mantissa + 1);
        var square = s * s;
        var series = 1.0 / 21;
        for (var n = 19; n >= 1; n -= 2) series = series * square + 1.0 / n;
        return exponent * Ln2 + 2 * s * series;
    }

    /// <summary>x = mantissa * 2^exponent with the mantissa between sqrt(1/2) and sqrt(2).</summary>
    private static (double Mantissa, int Exponent) Split(double x)
    {
        var bits = BitConverter.DoubleToInt64Bits(x);
        var exponent = (int)(bits >> 52) - 1023;
        var mantissa = BitConverter.Int64BitsToDouble((bits & 0x000F_FFFF_FFFF_FFFF) | 0x3FF0_0000_0000_0000);
        return mantissa > 1.4142135623730951 ? (mantissa / 2, exponent + 1) : (mantissa, exponent);
    }
}

using System.Text.Json;

namespace OrleansInference.Api.OpenInference.Rest;

/// <summary>Says why a datatype cannot hold what stands in <c>data</c>. Off the fast path: one request tells one such fault.</summary>
internal static class ElementFaults
{
    public static string Explain(ref Utf8JsonReader json, TensorDatatype datatype)
    {
        var came = OpenInferenceJson.Describe(ref json);
        if (json.TokenType is JsonTokenType.Number && Range(datatype) is { } range)
        {
            return IsFloat(datatype) || !came.AsSpan().ContainsAny('.', 'e', 'E')
                ? $"is {came}, which {datatype} cannot hold; send {range}"
                : $"is {came}, which is no whole number; send {range} without a fraction or exponent, or take a model with FP inputs";
        }

        return $"is {came}, but {datatype} takes {Wanted(datatype)}";
    }

    private static bool IsFloat(TensorDatatype datatype) => datatype is TensorDatatype.FP16 or TensorDatatype.BF16 or TensorDatatype.FP32 or TensorDatatype.FP64;

    private static string Wanted(TensorDatatype datatype) => datatype switch
    {
        TensorDatatype.BOOL => "true, false, 1 or 0",
        TensorDatatype.BYTES => "strings of valid Unicode; send other bytes as binary data",
        _ when IsFloat(datatype) => "numbers, and \"NaN\", \"Infinity\" and \"-Infinity\"; write numbers without quotes",
        _ => "whole numbers; write them without quotes",
    };

    private static string? Range(TensorDatatype datatype) => datatype switch
    {
        TensorDatatype.UINT8 => "0 to 255",
        TensorDatatype.UINT16 => "0 to 65535",
        TensorDatatype.UINT32 => "0 to 4294967295",
        TensorDatatype.UINT64 => "0 to 18446744073709551615",
        TensorDatatype.INT8 => "-128 to 127",
        TensorDatatype.INT16 => "-32768 to 32767",
        TensorDatatype.INT32 => "-2147483648 to 2147483647",
        TensorDatatype.INT64 => "-9223372036854775808 to 9223372036854775807",
        TensorDatatype.FP16 => "-65504 to 65504",
        TensorDatatype.BF16 => "-3.39E+38 to 3.39E+38",
        TensorDatatype.FP32 => "-3.4028235E+38 to 3.4028235E+38",
        TensorDatatype.FP64 => "-1.797E+308 to 1.797E+308",
        _ => null,
    };
}

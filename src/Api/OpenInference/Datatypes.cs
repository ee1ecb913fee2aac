namespace OrleansInference.Api.OpenInference;

/// <summary>Element types by the names and sizes that the protocol gives them.</summary>
internal static class Datatypes
{
    // By value of the enumeration; 0 for strings, which have no fixed size.
    private static readonly int[] Sizes = [0, 1, 1, 2, 4, 8, 1, 2, 4, 8, 2, 4, 8, 0, 2];

    private static readonly string[] Names = [.. Enum.GetValues<TensorDatatype>().Order().Select(datatype => datatype.ToString()).Prepend("")];

    /// <summary>All names, for messages.</summary>
    public static string Known { get; } = string.Join(", ", Names[1..]);

    /// <summary>Bytes of one element; 0 for strings.</summary>
    public static int SizeOf(TensorDatatype datatype) => Sizes[(int)datatype];

    /// <summary>The protocol's name, without an allocation.</summary>
    public static string NameOf(TensorDatatype datatype) => Names[(int)datatype];

    /// <summary>Whether the protocol has a datatype of that name; upper case, as it writes them.</summary>
    public static bool TryParse(string name, out TensorDatatype datatype)
    {
        var index = Array.IndexOf(Names, name);
        datatype = (TensorDatatype)index;
        return index > 0;
    }
}

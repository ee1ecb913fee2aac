using System.Text.RegularExpressions;

namespace OrleansInference;

/// <summary>What a model may be called: a folder's name that is also a grain key and a part of a URL.</summary>
public static partial class ModelName
{
    /// <summary>The rule, for messages.</summary>
    public const string Rule = "letters, digits, '.', '_' and '-', beginning with a letter or digit, at most 64";

    /// <summary>Whether a text can be a model's name. What cannot is looked for nowhere: it may be <c>../etc</c>.</summary>
    public static bool IsValid(string name) => Pattern().IsMatch(name);

    [GeneratedRegex("^[A-Za-z0-9][A-Za-z0-9._-]{0,63}\\z")]
    private static partial Regex Pattern();
}

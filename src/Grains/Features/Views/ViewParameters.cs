using System.Text.RegularExpressions;

namespace OrleansInference.Grains.Features.Views;

/// <summary>Which of the two parameters a view's SQL takes.</summary>
internal static partial class ViewParameters
{
    [Flags]
    public enum Kinds
    {
        None = 0,
        One = 1,
        Many = 2,
    }

    public static Kinds In(string sql) =>
        (One().IsMatch(sql) ? Kinds.One : Kinds.None) | (Many().IsMatch(sql) ? Kinds.Many : Kinds.None);

    /// <summary>Why the SQL cannot be a view's; null when it can.</summary>
    public static string? Fault(string sql) => In(sql) switch
    {
        Kinds.None => "Sql takes neither @user_id nor @user_ids, so it would give every user the same. Use one of them.",
        Kinds.One | Kinds.Many => "Sql takes both @user_id and @user_ids. Use @user_id for one user's row, or @user_ids for the rows of many.",
        _ => null,
    };

    [GeneratedRegex(@"@user_id\b")]
    private static partial Regex One();

    [GeneratedRegex(@"@user_ids\b")]
    private static partial Regex Many();
}

using OrleansInference;

namespace UnitTests.Abstractions;

public sealed class UserKeyTests
{
    [Theory]
    [InlineData("42", "-!42")]
    [InlineData("Анна 😀_", "-!Анна 😀_")]
    [InlineData("a/b\\c#d?e!f%g", "-!a%2Fb%5Cc%23d%3Fe%21f%25g")]
    [InlineData("a%2Fb", "-!a%252Fb")]
    [InlineData("\0\n\u001F\u007F\u009F\u00A0", "-!%00%0A%1F%7F%9F\u00A0")]
    public void FromUserId_AnyId_EscapesWhatStorageKeysCannotHold(string userId, string key)
    {
        Assert.Equal(key, UserKey.FromUserId(userId));
        Assert.Equal(userId, UserKey.ToUserId(key));
    }

    [Theory]
    [InlineData(null, "must not be empty")]
    [InlineData("", "must not be empty")]
    public void Validate_Nothing_IsRefused(string? userId, string fault) =>
        Assert.StartsWith(fault, UserKey.Validate(userId), StringComparison.Ordinal);

    [Fact]
    public void Validate_Length_Is1To128Units()
    {
        Assert.Null(UserKey.Validate("u"));
        Assert.Null(UserKey.Validate(new string('u', 128)));
        Assert.Null(UserKey.Validate(string.Concat(Enumerable.Repeat("😀", 64))));
        Assert.Equal("must have at most 128 characters, but has 129", UserKey.Validate(new string('u', 129)));
    }

    [Fact]
    public void Validate_LoneSurrogate_IsRefused()
    {
        string[] broken = ["\uD800", "\uDC00", "\uDC00\uD800", "a\uD800b", "\uD83D\uDE00\uD83D"];

        Assert.All(broken, userId => Assert.Equal("holds half of a surrogate pair; send valid Unicode", UserKey.Validate(userId)));
    }
}

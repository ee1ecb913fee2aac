namespace OrleansInference.Grains.Users;

/// <summary>The names of one user, made once and shared by everything that belongs to the user.</summary>
/// <param name="key">The key of the user's grain, by which the log knows the user.</param>
internal sealed class UserIdentity(string key)
{
    private static readonly GrainType Type = GrainType.Create(UserGrain.TypeName);

    public string Key => key;

    /// <summary>The user, as the caller named them.</summary>
    public string Id { get; } = UserKey.ToUserId(key);

    /// <summary>The user's grain, by which grain storage knows the user. Made each time: it is rarely asked for, and as large as both names.</summary>
    public GrainId Grain => GrainId.Create(Type, key);
}

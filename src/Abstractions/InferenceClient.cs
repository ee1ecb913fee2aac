namespace OrleansInference;

/// <summary>Routes each call to the user's grain.</summary>
internal sealed class InferenceClient(IGrainFactory grains) : IInferenceClient
{
    public async Task<Prediction> PredictAsync(PredictionRequest request, CancellationToken cancellationToken = default)
    {
        // There is no grain for a user without a valid id, so the model itself names the other faults: the caller sees all at once.
        if (UserKey.Validate(request.UserId) is not null) throw InferenceException.InvalidInput(await ValidateAsync(request));

        var user = grains.GetGrain<IUserGrain>(UserKey.FromUserId(request.UserId));
        try
        {
            return await user.PredictAsync(request, cancellationToken);
        }
        catch (InferenceException e) when (e.Code is InferenceErrorCode.NotReady)
        {
            // This activation gave the user up to another one, before anything was recorded: the next call finds that one.
            return await user.PredictAsync(request, cancellationToken);
        }
    }

    public async Task<IReadOnlyList<FieldError>> ValidateAsync(PredictionRequest request)
    {
        var faults = await grains.GetGrain<IModelGrain>(ModelKey.Default).ValidateAsync(request);
        return UserKey.Validate(request.UserId) is { } fault ? [UserFault(request.UserId, fault), .. faults] : faults;
    }

    public async Task<UserState> GetUserAsync(string userId)
    {
        if (UserKey.Validate(userId) is { } fault) throw InferenceException.InvalidInput(UserFault(userId, fault));
        return await grains.GetGrain<IUserGrain>(UserKey.FromUserId(userId)).GetStateAsync();
    }

    private static FieldError UserFault(string? userId, string fault) => new("user_id", fault, ((RequestValue)userId).ToDisplay());
}

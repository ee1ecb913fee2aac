using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansInference.Grains.Diagnostics;
using OrleansInference.Grains.Models;
using OrleansInference.Grains.PostProcessing;
using OrleansInference.Grains.PostProcessing.Erasure;

namespace OrleansInference.Grains.Users;

/// <summary>What the grains of all users share: a user holds one reference to it, and not one to each.</summary>
internal sealed record UserServices(
    ModelCatalog Models,
    GrainReferences<IModelGrain> ModelGrains,
    IPredictionLog Log,
    IUserErasure Stored,
    IOptions<ErasureOptions> Erasure,
    RecordedReplies Replies,
    UserFeaturesServices Features,
    UserJournalServices Journal,
    UserWindowsServices Windows,
    TimeProvider Time,
    InferenceInstruments Instruments,
    ILogger<UserGrain> Logger);

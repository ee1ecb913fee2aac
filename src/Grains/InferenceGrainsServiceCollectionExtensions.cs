using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using OrleansInference;
using OrleansInference.Grains;
using OrleansInference.Grains.Diagnostics;
using OrleansInference.Grains.Features;
using OrleansInference.Grains.Features.External;
using OrleansInference.Grains.Features.Lookups;
using OrleansInference.Grains.Features.Transforms;
using OrleansInference.Grains.Features.Views;
using OrleansInference.Grains.Features.Windows;
using OrleansInference.Grains.Models;
using OrleansInference.Grains.Models.Control;
using OrleansInference.Grains.Models.Ensembles;
using OrleansInference.Grains.Models.Loading;
using OrleansInference.Grains.Models.Repository;
using OrleansInference.Grains.Models.Residency;
using OrleansInference.Grains.Models.Routing;
using OrleansInference.Grains.Models.Scheduling;
using OrleansInference.Grains.Models.Sessions;
using OrleansInference.Grains.PostProcessing;
using OrleansInference.Grains.PostProcessing.Erasure;
using OrleansInference.Grains.PostProcessing.Export;
using OrleansInference.Grains.PostProcessing.Feedback;
using OrleansInference.Grains.PostProcessing.Outbox;
using OrleansInference.Grains.PostProcessing.Replay;
using OrleansInference.Grains.PostProcessing.Retention;
using OrleansInference.Grains.Users;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers what the grains need; the ports to databases come from elsewhere.</summary>
public static class InferenceGrainsServiceCollectionExtensions
{
    /// <summary>Models, features and post-processing from the section <c>Inference</c>.</summary>
    public static IServiceCollection AddInferenceGrains(this IServiceCollection services, IConfiguration configuration)
    {
        var section = configuration.GetSection("Inference");
        services.TryAddSingleton(TimeProvider.System);
        services.AddMetrics();
        services.AddSingleton<InferenceInstruments>();
        services.AddOptions<InferenceOptions>().Bind(section);
        return services.AddModels(section).AddFeatures(section).AddPostProcessing(section);
    }

    /// <summary>Has the models loaded before the silo joins its cluster. After <see cref="AddInferenceGrains"/>.</summary>
    public static IServiceCollection AddModelsBeforeJoining(this IServiceCollection services)
    {
        services.AddSingleton<JoiningControlStates>();
        services.AddSingleton<IControlStates>(provider => provider.GetRequiredService<JoiningControlStates>());
        return services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, ModelsBeforeJoining>();
    }

    private static IServiceCollection AddModels(this IServiceCollection services, IConfiguration section)
    {
        services.AddOptions<ModelServingOptions>().Bind(section.GetSection("Models")).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<IValidateOptions<ModelServingOptions>, ModelServingOptionsValidator>();
        services.AddOptions<ModelResidencyOptions>().Bind(section.GetSection("Models")).ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<ModelRepositoryOptions>().Bind(section.GetSection("ModelRepository")).ValidateDataAnnotations().ValidateOnStart();
        services.TryAddSingleton<IModelRepository, FileModelRepository>();
        services.AddSingleton<IModelSessionFactory, OnnxModelSessionFactory>();
        services.AddSingleton<InferenceSchedulers>();
        services.AddSingleton<IVersionFactory, VersionFactory>();
        services.AddSingleton<ModelWarmUp>();
        services.AddSingleton<ModelLoader>();
        services.AddSingleton<IStepModels, StepModels>();
        services.AddSingleton<EnsembleDependents>();
        services.AddSingleton(CreateRollouts);
        services.AddSingleton<ModelEntries>();
        services.AddSingleton(provider => new ModelPlaces(provider.GetRequiredService<IOptions<ModelResidencyOptions>>().Value.MaxLoadedModels, provider.GetRequiredService<ModelEntries>()));
        services.AddSingleton<ModelUpdater>();
        services.AddSingleton<ModelIndex>();
        services.AddSingleton<ModelCatalog>();
        services.AddSingleton<GrainReferences<IModelGrain>>();
        services.AddSingleton<StoredStates>();
        services.AddSingleton<IControlStates, ControlStates>();
        services.AddSingleton<IModelSilos, ModelSilos>();
        services.AddGrainService<ModelSiloService>();
        services.AddSingleton<ModelStartup>();
        services.AddSingleton<IInferenceStartup>(provider => provider.GetRequiredService<ModelStartup>());
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<ModelStartup>());
        return services.AddHostedService<ModelRepositoryWatcher>();
    }

    private static IServiceCollection AddFeatures(this IServiceCollection services, IConfiguration section)
    {
        services.AddHttpClient();
        services.AddSingleton<IConfigureOptions<HttpClientFactoryOptions>, ExternalClients>();
        services.AddSingleton<IFeatureSource, CalendarTransform>();
        services.AddOptions<SnapshotOptions>().Bind(section.GetSection("Snapshots")).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<SnapshotOutage>();
        services.AddSingleton<UserSnapshots>();
        services.AddSingleton<PushStore>();
        services.AddOptions<UserOptions>().Bind(section.GetSection("Users")).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<IPostConfigureOptions<GrainCollectionOptions>, UserCollection>();
        services.AddSingleton<WindowLoader>();
        services.AddSingleton<SnapshotSchedule>();
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, SnapshotsBeforeLeaving>();
        services.AddSingleton<UserFeaturesServices>();
        services.AddSingleton<UserJournalServices>();
        services.AddSingleton<UserWindowsServices>();
        services.AddSingleton<RecordedReplies>();
        services.AddSingleton<UserServices>();
        services.AddHostedService<LookupWatcher>();
        services.AddHostedService<FeatureViewCheck>();
        return services.AddSingleton(provider => new FeatureSources(
        [
            .. provider.GetServices<IFeatureSource>(),
            .. NamedOptions.Read<WindowViewOptions>(section, "FeatureViews", IsWindow).Select(view => new WindowView(view.Key, view.Value)),
            .. NamedOptions.Read<FeatureViewOptions>(section, "FeatureViews", view => !IsWindow(view)).Select(view => CreateView(provider, view.Key, view.Value)),
            .. NamedOptions.Read<ExternalServiceOptions>(section, "ExternalServices").Select(service => CreateService(provider, service.Key, service.Value)),
            .. NamedOptions.Read<LookupOptions>(section, "Lookups").Select(lookup => CreateLookup(provider, lookup.Key, lookup.Value)),
        ],
        [
            .. provider.GetServices<IFeatureTransform>(),
            .. NamedOptions.Read<TransformOptions>(section, "Transforms").Select(transform => new ArithmeticTransform(transform.Key, transform.Value)),
        ]));
    }

    private static IServiceCollection AddPostProcessing(this IServiceCollection services, IConfiguration section)
    {
        services.AddOptions<IdempotencyOptions>().Bind(section.GetSection("Idempotency")).ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<ErasureOptions>().Bind(section.GetSection("Erasure")).ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<RetentionOptions>().Bind(section.GetSection("Retention")).ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<FeedbackOptions>().Bind(section.GetSection("Feedback")).ValidateDataAnnotations().ValidateOnStart();
        services.AddHostedService<RetentionService>();
        services.AddHostedService<QualityMonitor>();
        services.AddOptions<ReplayOptions>().Bind(section.GetSection("Replay")).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<PredictionReplay>();
        services.AddSingleton<RangeReplay>();
        services.AddHostedService<ReplayResumption>();
        services.AddSingleton<PredictionExport>();
        return services.AddOutbox(section);
    }

    private static IServiceCollection AddOutbox(this IServiceCollection services, IConfiguration section)
    {
        services.AddSingleton(_ => Microsoft.Extensions.Options.Options.Create(NamedOptions.ReadOne<OutboxOptions>(section, "Outbox")));
        services.AddSingleton(_ => new WebhookTargets(NamedOptions.Read<WebhookOptions>(section, "Webhooks")));
        services.AddSingleton<OutboxSignal>();
        services.AddSingleton<WebhookSender>();
        services.AddHttpClient(WebhookSender.Client, client => client.Timeout = Timeout.InfiniteTimeSpan).ConfigurePrimaryHttpMessageHandler(WebhookSender.CreateHandler);
        services.AddHostedService<OutboxGauges>();
        return services.AddHostedService<OutboxDispatcher>();
    }

    private static ModelRollouts CreateRollouts(IServiceProvider provider)
    {
        var grains = provider.GetRequiredService<IGrainFactory>();
        return new ModelRollouts(
            (model, version, reason) => grains.GetGrain<IModelControlStateGrain>(model).DemoteAsync(version, reason),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<InferenceInstruments>(),
            provider.GetRequiredService<ILoggerFactory>());
    }

    private static bool IsWindow(IConfigurationSection view) => string.Equals(view[nameof(WindowViewOptions.Kind)], WindowViewOptions.WindowKind, StringComparison.OrdinalIgnoreCase);

    private static FeatureView CreateView(IServiceProvider provider, string name, FeatureViewOptions options) => new(
        name,
        options,
        provider.GetRequiredService<IFeatureDatabase>(),
        provider.GetRequiredService<TimeProvider>(),
        provider.GetRequiredService<InferenceInstruments>(),
        provider.GetRequiredService<ILogger<FeatureView>>());

    private static ExternalService CreateService(IServiceProvider provider, string name, ExternalServiceOptions options) => new(
        name,
        options,
        provider.GetRequiredService<IHttpClientFactory>(),
        provider.GetRequiredService<TimeProvider>(),
        provider.GetRequiredService<InferenceInstruments>(),
        provider.GetRequiredService<ILogger<ExternalService>>());

    private static Lookup CreateLookup(IServiceProvider provider, string name, LookupOptions options)
    {
        var repository = provider.GetRequiredService<IOptions<ModelRepositoryOptions>>().Value.Path;

        // It is read now, before anybody has looked at the repository.
        provider.GetRequiredService<IModelRepository>().Refresh();
        return new Lookup(
            name,
            options,
            Path.Combine(repository, options.Path),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<InferenceInstruments>(),
            provider.GetRequiredService<ILogger<Lookup>>());
    }
}

using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using OrleansInference.Grains.Models.Repository;
using OrleansInference.Storage.Azure;
using OrleansInference.Storage.Azure.Models;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers where models come from, if not from a folder.</summary>
internal static class ModelRepositoryServiceCollectionExtensions
{
    /// <summary>A blob container, where the section <c>Inference:ModelRepository:Blob</c> names one.</summary>
    public static IServiceCollection AddBlobModels(this IServiceCollection services, IConfiguration configuration)
    {
        var section = configuration.GetSection(BlobRepositoryOptions.Section);
        if (!section.Exists()) return services;
        services.AddOptions<BlobRepositoryOptions>().Bind(section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<BlobRepositoryOptions>>(
            new AzureOptionsValidator<BlobRepositoryOptions>(BlobRepositoryOptions.Section, account => AzureClients.CreateBlobs(account)));
        services.AddSingleton<FileModelRepository>();
        return services.AddSingleton<IModelRepository, BlobModelRepository>();
    }
}

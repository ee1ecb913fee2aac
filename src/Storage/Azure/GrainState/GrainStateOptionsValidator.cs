using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace OrleansInference.Storage.Azure.GrainState;

/// <summary>Reports every fault of the section at once, with setting, value and remedy.</summary>
internal sealed class GrainStateOptionsValidator : IValidateOptions<GrainStateOptions>
{
    private const string Section = GrainStateOptions.Section;

    public ValidateOptionsResult Validate(string? name, GrainStateOptions options)
    {
        var faults = AttributeFaults(options).Concat(AccountFaults(options)).ToArray();
        return faults.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    private static IEnumerable<string> AttributeFaults(GrainStateOptions options)
    {
        var results = new List<ValidationResult>();
        Validator.TryValidateObject(options, new ValidationContext(options), results, validateAllProperties: true);
        foreach (var result in results)
        {
            var member = result.MemberNames.First();
            yield return $"{Section}:{member} is '{typeof(GrainStateOptions).GetProperty(member)!.GetValue(options)}'. {result.ErrorMessage} Correct it, or leave it out.";
        }
    }

    private static IEnumerable<string> AccountFaults(GrainStateOptions options) => options.Provider is GrainStateProvider.AzureTable
        ? AzureAccountFaults.Find(Section, options, account => AzureClients.CreateTables(account))
        : AzureAccountFaults.Find(Section, options, account => AzureClients.CreateBlobs(account));
}

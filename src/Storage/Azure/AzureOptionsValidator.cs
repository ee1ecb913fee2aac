using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace OrleansInference.Storage.Azure;

/// <summary>Reports every fault of a section with an account at once, with setting, value and remedy.</summary>
/// <param name="section">The section.</param>
/// <param name="connect">Makes the client of the service that is needed, which reads the connection string.</param>
internal sealed class AzureOptionsValidator<TOptions>(string section, Action<TOptions> connect) : IValidateOptions<TOptions>
    where TOptions : AzureAccountOptions
{
    public ValidateOptionsResult Validate(string? name, TOptions options)
    {
        var faults = AttributeFaults(options).Concat(AzureAccountFaults.Find(section, options, () => connect(options))).ToArray();
        return faults.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    private IEnumerable<string> AttributeFaults(TOptions options)
    {
        var results = new List<ValidationResult>();
        Validator.TryValidateObject(options, new ValidationContext(options), results, validateAllProperties: true);
        foreach (var result in results)
        {
            var member = result.MemberNames.First();
            yield return $"{section}:{member} is '{typeof(TOptions).GetProperty(member)!.GetValue(options)}'. {result.ErrorMessage} Correct it, or leave it out for the default.";
        }
    }
}

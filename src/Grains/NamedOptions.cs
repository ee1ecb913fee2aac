using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Configuration;

namespace OrleansInference.Grains;

/// <summary>Options that the configuration holds by name, such as <c>Inference:FeatureViews:{name}</c>.</summary>
internal static class NamedOptions
{
    /// <summary>All of one section, validated.</summary>
    /// <exception cref="InferenceStartupException">A setting is unknown, missing or out of range; all faults at once.</exception>
    public static Dictionary<string, TOptions> Read<TOptions>(IConfiguration inference, string section, Func<IConfigurationSection, bool>? among = null)
        where TOptions : class, new()
    {
        var faults = new List<string>();
        var named = inference.GetSection(section).GetChildren().Where(child => among?.Invoke(child) ?? true).ToDictionary(child => child.Key, child => Read<TOptions>(child, faults));
        return faults.Count == 0 ? named : throw new InferenceStartupException(string.Join(Environment.NewLine, faults));
    }

    /// <summary>One section that holds no names but settings, validated.</summary>
    /// <exception cref="InferenceStartupException">A setting is unknown, missing or out of range; all faults at once.</exception>
    public static TOptions ReadOne<TOptions>(IConfiguration inference, string section)
        where TOptions : class, new()
    {
        var faults = new List<string>();
        var options = Read<TOptions>(inference.GetSection(section), faults);
        return faults.Count == 0 ? options : throw new InferenceStartupException(string.Join(Environment.NewLine, faults));
    }

    private static TOptions Read<TOptions>(IConfigurationSection section, List<string> faults)
        where TOptions : class, new()
    {
        var options = new TOptions();
        try
        {
            section.Bind(options, binder => binder.ErrorOnUnknownConfiguration = true);
        }
        catch (InvalidOperationException e)
        {
            faults.Add($"{section.Path}: {Innermost(e).Message} Correct or remove the setting.");
            return options;
        }

        var results = new List<ValidationResult>();
        Validator.TryValidateObject(options, new ValidationContext(options), results, validateAllProperties: true);
        faults.AddRange(results.Select(result => $"{section.Path}: {result.ErrorMessage}"));
        return options;
    }

    // The binder wraps what it finds in a part of the section; only the innermost of its own exceptions names the setting.
    private static InvalidOperationException Innermost(InvalidOperationException e) => e.InnerException is InvalidOperationException inner ? Innermost(inner) : e;
}

using System.ComponentModel.DataAnnotations;
using OrleansInference.Grains.Models;

namespace UnitTests.Grains.Models;

public sealed class ModelServingOptionsTests
{
    [Fact]
    public void Defaults_OnAnyMachine_AreValid() => Assert.Empty(Faults(new ModelServingOptions()));

    [Fact]
    public void Threads_MoreThanTheCores_IsRefusedNamingBoth()
    {
        var cores = Environment.ProcessorCount;

        Assert.Equal(
            [$"Inference:Models:Threads is {cores + 1}, but this machine has {cores} cores. Set it to {cores} or less."],
            Faults(new ModelServingOptions { Threads = cores + 1 }));
    }

    [Fact]
    public void Threads_AsManyAsTheCores_IsValid() => Assert.Empty(Faults(new ModelServingOptions { Threads = Environment.ProcessorCount }));

    [Fact]
    public void Values_OutOfRange_AreAllNamed() => Assert.Equal(
        [nameof(ModelServingOptions.Threads), nameof(ModelServingOptions.MaxThreadsPerModel), nameof(ModelServingOptions.MaxQueueLength)],
        Annotations(new ModelServingOptions { Threads = 0, MaxThreadsPerModel = 0, MaxQueueLength = 0 }).SelectMany(result => result.MemberNames));

    private static IEnumerable<string> Faults(ModelServingOptions options) =>
        [.. Annotations(options).Select(result => result.ErrorMessage!), .. new ModelServingOptionsValidator().Validate(null, options).Failures ?? []];

    private static List<ValidationResult> Annotations(ModelServingOptions options)
    {
        var results = new List<ValidationResult>();
        Validator.TryValidateObject(options, new ValidationContext(options), results, validateAllProperties: true);
        return results;
    }
}

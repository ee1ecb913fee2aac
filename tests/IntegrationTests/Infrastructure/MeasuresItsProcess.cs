namespace IntegrationTests.Infrastructure;

/// <summary>Tests that read what the whole process says, such as its memory or its meters: no others run meanwhile.</summary>
[CollectionDefinition(DisableParallelization = true)]
public sealed class MeasuresItsProcess;

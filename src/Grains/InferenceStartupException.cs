namespace OrleansInference.Grains;

/// <summary>The program cannot start as configured. The message is for the operator: what, where, and the remedy.</summary>
public sealed class InferenceStartupException(string message) : Exception(message);

using OrleansInference.Grains.Models.Sessions;

namespace OrleansInference.Grains.Models;

/// <summary>Finds the outputs that a request names among those that the model has.</summary>
internal sealed class RequestedOutputs(string model, int version, IReadOnlyList<TensorMetadata> outputs)
{
    private readonly int[] _all = [.. Enumerable.Range(0, outputs.Count)];

    /// <summary>Their positions, in the order asked for; all where none is named.</summary>
    /// <exception cref="InferenceException">InvalidInput: a name that is no output, or comes twice.</exception>
    public IReadOnlyList<int> Find(IReadOnlyList<string>? names)
    {
        if (names is not { Count: > 0 }) return _all;
        var positions = new int[names.Count];
        for (var i = 0; i < positions.Length; i++)
        {
            positions[i] = PositionOf(names[i]);
            if (positions.AsSpan(0, i).Contains(positions[i])) throw Refuse(names[i], "is asked for twice. Name each output once.");
        }

        return positions;
    }

    private int PositionOf(string name)
    {
        for (var i = 0; i < outputs.Count; i++)
        {
            if (outputs[i].Name == name) return i;
        }

        throw Refuse(name, $"is no output of {model}/{version}, whose outputs are {string.Join(", ", outputs.Select(output => output.Name))}. Correct its name, or name none for all.");
    }

    private static InferenceException Refuse(string name, string fault) => InferenceException.InvalidInput(new FieldError("outputs", $"'{FieldError.Quote(name)}' {fault}", null));
}

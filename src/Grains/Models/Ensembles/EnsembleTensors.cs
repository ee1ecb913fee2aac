using OrleansInference.Grains.Models.Manifest;

namespace OrleansInference.Grains.Models.Ensembles;

/// <summary>The tensors of an ensemble while it is compiled: who makes each, and whether those who take it can.</summary>
internal sealed class EnsembleTensors(ManifestFaults faults)
{
    private readonly List<(TensorMetadata Tensor, string Step, string Model)> _made = [];
    private readonly List<(TensorMetadata Tensor, string Path, string Model)> _taken = [];

    /// <summary>The tensors that steps make, in the order written.</summary>
    public IEnumerable<string> Made => _made.Select(made => made.Tensor.Name);

    /// <summary>The tensors that no step makes, in the order written: what callers send. Fits all who take it.</summary>
    public IReadOnlyList<TensorMetadata> Inputs =>
        [.. _taken.Where(taken => FindMade(taken.Tensor.Name) is null).GroupBy(taken => taken.Tensor.Name).Select(group => group.Select(taken => taken.Tensor).Aggregate(Narrow))];

    public TensorMetadata? FindMade(string tensor) => _made.Find(made => made.Tensor.Name == tensor).Tensor;

    public void Make(string tensor, TensorMetadata output, string path, string step, string model)
    {
        if (_made.Find(made => made.Tensor.Name == tensor) is { Tensor: not null } first)
        {
            faults.Add(path, $"'{tensor}' is made twice, by ensemble.{first.Step} too. Rename one of the two.");
            return;
        }

        var made = output with { Name = tensor };
        _made.Add((made, step, model));
        foreach (var taken in _taken.Where(taken => taken.Tensor.Name == tensor)) Compare(made, model, taken.Tensor, taken.Path, taken.Model);
    }

    public void Take(string tensor, TensorMetadata input, string path, string model)
    {
        var taken = input with { Name = tensor };
        var made = _made.Find(made => made.Tensor.Name == tensor);
        if (made.Tensor is not null) Compare(made.Tensor, made.Model, taken, path, model);
        foreach (var other in _taken.Where(other => other.Tensor.Name == tensor)) Compare(other.Tensor, other.Model, taken, path, model);
        _taken.Add((taken, path, model));
    }

    private void Compare(TensorMetadata here, string hereModel, TensorMetadata there, string path, string thereModel)
    {
        if (Fit(here, there)) return;
        faults.Add(path, $"'{here.Name}' is {Describe(here)} at {hereModel}, but {Describe(there)} at {thereModel}. Connect tensors of one datatype and shape (-1 is any size).");
    }

    /// <summary>Whether one can stand for the other: the same datatype, and no two sizes that differ.</summary>
    public static bool Fit(TensorMetadata? here, TensorMetadata? there) =>
        here is not null && there is not null && here.Datatype == there.Datatype && Fit(here.Shape, there.Shape);

    private static bool Fit(IReadOnlyList<long> here, IReadOnlyList<long> there) =>
        here.Count == there.Count && here.Zip(there).All(pair => pair.First == pair.Second || pair.First < 0 || pair.Second < 0);

    private static TensorMetadata Narrow(TensorMetadata one, TensorMetadata other) =>
        one with { Shape = [.. one.Shape.Zip(other.Shape, Math.Max)] };

    private static string Describe(TensorMetadata tensor) => $"{tensor.Datatype} [{string.Join(", ", tensor.Shape)}]";
}

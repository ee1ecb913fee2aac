using OrleansInference.Grains.Models.Planning;

namespace OrleansInference.Grains.Features;

/// <summary>All features of one prediction, by the positions of its plan, with where they came from.</summary>
public sealed class FeatureVector
{
    private readonly PredictPlan _plan;
    private readonly BoundRequest _request;
    private readonly long[] _agesMs;
    private readonly long[] _transformAgesMs;

    public FeatureVector(PredictPlan plan, BoundRequest request, FeatureRow[] rows, TimeProvider time)
    {
        _plan = plan;
        _request = request;
        _agesMs = new long[rows.Length];
        Values = new FeatureValue[plan.Schema.Names.Count];
        request.Values.CopyTo(Values, 0);
        for (var i = 0; i < rows.Length; i++)
        {
            rows[i].Values.CopyTo(Values, plan.Sources[i].Offset);
            _agesMs[i] = (long)time.GetElapsedTime(rows[i].ReadAt).TotalMilliseconds;
            Degraded |= rows[i].Degraded;
        }

        Override(0, Values.Length);
        foreach (var (field, feature, orElse) in plan.Defaults)
        {
            if (Values[field].IsMissing) Values[field] = (Values[feature].IsMissing ? orElse : Values[feature]).AsDefault();
        }

        _transformAgesMs = plan.Transforms.Count == 0 ? [] : new long[plan.Transforms.Count];
        for (var i = 0; i < _transformAgesMs.Length; i++) Transform(i);
    }

    /// <summary>The values: the request's fields, then each source's columns.</summary>
    public FeatureValue[] Values { get; }

    /// <summary>Whether a source failed and defaults stand in for it.</summary>
    public bool Degraded { get; }

    /// <summary>Time since the value was read from its source; 0 for what the request brought, the oldest input's for a transform.</summary>
    public long AgeMs(int feature)
    {
        if (_request.OverrideOf(feature) is not null) return 0;
        for (var i = _plan.Transforms.Count - 1; i >= 0; i--)
        {
            if (feature >= _plan.Transforms[i].Offset) return _transformAgesMs[i];
        }

        for (var i = _plan.Sources.Count - 1; i >= 0; i--)
        {
            if (feature >= _plan.Sources[i].Offset) return _agesMs[i];
        }

        return 0;
    }

    /// <summary>The model's inputs, one row each, for the model that the plan came from.</summary>
    public InferenceRequest ToInferenceRequest(string? routingKey = null, long generation = 0)
    {
        var inputs = new Tensor[_plan.Inputs.Count];
        for (var i = 0; i < inputs.Length; i++) inputs[i] = _plan.Inputs[i].ToTensor(Values);
        return new InferenceRequest { Inputs = inputs, RoutingKey = routingKey, Generation = generation };
    }

    /// <summary>The answer's text.</summary>
    public string Info() => _plan.Info.Feature is { } feature && !Values[feature].IsMissing ? Values[feature].ToString() : _plan.Info.OrElse;

    private void Override(int first, int end)
    {
        for (var i = 0; i < _request.Overrides.Count; i++)
        {
            var (feature, value) = _request.Overrides[i];
            if (feature >= first && feature < end) Values[feature] = value;
        }
    }

    private void Transform(int index)
    {
        var planned = _plan.Transforms[index];
        planned.Apply(Values);
        Override(planned.Offset, planned.Offset + planned.Transform.Columns.Count);
        foreach (var input in planned.Inputs) _transformAgesMs[index] = Math.Max(_transformAgesMs[index], AgeMs(input));
    }
}

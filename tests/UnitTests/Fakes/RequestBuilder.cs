using Microsoft.Extensions.Time.Testing;
using OrleansInference;
using OrleansInference.Grains;
using OrleansInference.Grains.Features;

namespace UnitTests.Fakes;

/// <summary>Arranges a model's declared fields, a request for them, and what is made of both.</summary>
internal sealed class RequestBuilder(FakeTimeProvider time)
{
    private readonly List<DeclaredField> _fields = [];
    private readonly List<RequestField> _sent = [];
    private string _userId = "42";
    private TimeSpan _deadline = TimeSpan.FromSeconds(1);

    public RequestBuilder Declare(DeclaredField field)
    {
        _fields.Add(field);
        return this;
    }

    public RequestBuilder Declare(string name, DeclaredFieldType type) => Declare(new DeclaredField { Name = name, Type = type });

    public RequestBuilder Send(string name, RequestValue value)
    {
        _sent.Add(new RequestField(name, value));
        return this;
    }

    /// <summary>A declared text field with its value.</summary>
    public RequestBuilder With(string name, string value) => Declare(name, DeclaredFieldType.Text).Send(name, value);

    public RequestBuilder From(string userId)
    {
        _userId = userId;
        return this;
    }

    public RequestBuilder Within(TimeSpan deadline)
    {
        _deadline = deadline;
        return this;
    }

    public RequestContract Contract() => new("fraud", _fields);

    public BoundRequest Bind() => Contract().Bind(Request(), time.GetUtcNow());

    public IReadOnlyList<FieldError> Faults() => Contract().TryBind(Request(), time.GetUtcNow(), out _);

    public FeatureQuery Query() => QueryFor(CancellationToken.None);

    public FeatureQuery QueryFor(CancellationToken caller) => new(_userId, Bind(), new TimeBudget(_deadline, time, caller));

    private PredictionRequest Request() => new() { UserId = _userId, Fields = _sent };
}

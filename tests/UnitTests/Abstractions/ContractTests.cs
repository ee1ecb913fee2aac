using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Serialization;
using OrleansInference;

namespace UnitTests.Abstractions;

/// <summary>What crosses silos and versions.</summary>
public sealed class ContractTests
{
    private static readonly Serializer Serializer = new ServiceCollection().AddSerializer().BuildServiceProvider().GetRequiredService<Serializer>();

    private static IEnumerable<Type> Contracts =>
        typeof(IInferenceClient).Assembly.GetTypes().Where(type => type.GetCustomAttribute<GenerateSerializerAttribute>() is not null);

    [Fact]
    public void Contracts_All_HaveAnAliasAndUniqueIds()
    {
        Assert.NotEmpty(Contracts);
        Assert.All(Contracts, contract =>
        {
            Assert.NotNull(contract.GetCustomAttribute<AliasAttribute>());
            var ids = contract.GetMembers(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance)
                .Select(member => member.GetCustomAttribute<IdAttribute>()).OfType<IdAttribute>().Select(id => id.Id).ToArray();
            Assert.NotEmpty(ids);
            Assert.Equal(ids.Distinct(), ids);
        });
    }

    // A changed line is a broken rolling upgrade: add members with new ids, never change or reuse one.
    [Fact]
    public void Contracts_MembersAndIds_AreThoseOfTheSnapshot()
    {
        var actual = Contracts.SelectMany(contract => contract.GetProperties(BindingFlags.Public | BindingFlags.Instance)
                .Where(property => property.GetCustomAttribute<IdAttribute>() is not null)
                .Select(property => $"{contract.GetCustomAttribute<AliasAttribute>()!.Alias} {property.GetCustomAttribute<IdAttribute>()!.Id} {property.Name}: {property.PropertyType}"))
            .Order(StringComparer.Ordinal);

        Assert.Equal(File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "Abstractions", "contracts.txt")), actual);
    }

    [Fact]
    public void Serialize_PredictionRequest_ComesBackEqual()
    {
        var request = new PredictionRequest { UserId = "42", Model = "fraud", Fields = [new("text", "é"), new("number", 1.5), new("flag", true), new("none", default)] };

        var copy = RoundTrip(request);

        Assert.Equal((request.PredictionId, request.UserId, request.Model), (copy.PredictionId, copy.UserId, copy.Model));
        Assert.Equal(request.Fields, copy.Fields);
    }

    [Fact]
    public void Serialize_Prediction_ComesBackEqual()
    {
        var prediction = new Prediction { PredictionId = Guid.CreateVersion7(), Value = 0.25, Info = "low", Model = "fraud", ModelVersion = 2, Degraded = true };

        Assert.Equal(prediction, RoundTrip(prediction));
    }

    [Fact]
    public void Serialize_InferenceException_KeepsCodeMessageFieldsAndRetryAfter()
    {
        var invalid = RoundTrip(InferenceException.InvalidInput(new FieldError("amount", "must be a number", "\"x\"")));
        var full = RoundTrip(new InferenceException(InferenceErrorCode.QueueFull, "The queue is full.", TimeSpan.FromSeconds(3)));

        Assert.Equal(InferenceErrorCode.InvalidInput, invalid.Code);
        Assert.Equal([new FieldError("amount", "must be a number", "\"x\"")], invalid.Fields);
        Assert.Equal("amount must be a number", invalid.Message);
        Assert.Equal((InferenceErrorCode.QueueFull, "The queue is full.", TimeSpan.FromSeconds(3)), (full.Code, full.Message, full.RetryAfter));
    }

    [Fact]
    public void Serialize_TensorsAndUserState_ComeBackEqual()
    {
        var tensor = RoundTrip(Tensor.Create<float>("x", TensorDatatype.FP32, [1, 2], [1.5f, -2f]));
        var state = RoundTrip(new UserState { UserId = "42", LastSequence = 7, Features = [new("spending", TimeSpan.FromSeconds(1), true, [new("mean", 2.5), new("name", "x"), new("none", null)])] });

        Assert.Equal([1.5f, -2f], tensor.Elements<float>().ToArray());
        Assert.Equal([1L, 2L], tensor.Shape);
        Assert.Equal(7, state.LastSequence);
        Assert.Equal([2.5, "x", null], state.Features.Single().Values.Select(value => value.Value));
    }

    private static T RoundTrip<T>(T value)
        where T : class => Serializer.Deserialize<T>(Serializer.SerializeToArray(value))!;
}

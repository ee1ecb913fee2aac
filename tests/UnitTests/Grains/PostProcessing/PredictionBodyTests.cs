using Microsoft.Extensions.Time.Testing;
using OrleansInference;
using OrleansInference.Grains.Features;
using OrleansInference.Grains.Models.Planning;
using OrleansInference.Grains.PostProcessing;
using UnitTests.Fakes;

namespace UnitTests.Grains.PostProcessing;

public sealed class PredictionBodyTests
{
    private const string Features = "03"
        + "01" + "0000000000000440" + "00"
        + "22" + "04" + "666F6F64" + "AC02"
        + "20" + "AC02";

    // Format 1 as it lies in databases: it must be read for ever.
    private const string GoldenOne = "01" + "0807060504030201" + "01" + "000000000000E03F" + "03" + "C3A978" + Features;

    private const string Golden = "02" + "0807060504030201" + "01" + "000000000000E03F" + "03" + "C3A978"
        + "1100000000000000" + "0010A5D4E8000000" + "E807" + "D00F" + "B817" + Features
        + "01" + "01" + "79" + "0B" + "02" + "01" + "02" + "08" + "0000803F" + "00000040";

    // Format 3 is format 2 and the event.
    private const string GoldenThree = "03" + "0807060504030201" + "01" + "000000000000E03F" + "03" + "C3A978"
        + "1100000000000000" + "0010A5D4E8000000" + "E807" + "D00F" + "B817" + Features
        + "01" + "01" + "79" + "0B" + "02" + "01" + "02" + "08" + "0000803F" + "00000040"
        + "03" + "777378" + "0807060504030201" + "01" + "05" + "76616C7565" + "0000000000000440";

    private static readonly RecordedEvent Happened = new("wsx", 0x0102030405060708, [KeyValuePair.Create("value", 2.5)]);

    private static readonly PredictionTimes Times = new(
        DateTimeOffset.FromUnixTimeMilliseconds(1_000_000_000_000), TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(2), TimeSpan.FromMilliseconds(3));

    private static readonly Tensor Output = Tensor.Create<float>("y", TensorDatatype.FP32, [1, 2], [1f, 2f]);

    // The id of request.amount and spending.count_1d, as it stands in record_schemas.
    private const long SchemaId = -1674142818435369211;

    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Encode_KnownRecord_IsTheGoldenBytes()
    {
        var body = Encode(0x0102030405060708, degraded: true, 0.5, "éx", [FeatureValue.Of(2.5)], [FeatureValue.Of("food").AsDefault(), FeatureValue.Missing], ageMs: 300, Output);

        Assert.Equal(Golden, Convert.ToHexString(body));
    }

    [Fact]
    public void Decode_GoldenBytes_IsTheKnownRecord()
    {
        var body = PredictionBody.Decode(Convert.FromHexString(Golden));

        AssertKnown(body);
        Assert.Equal((17, Times), (body.Fingerprint, body.Times));
        var output = Assert.Single(body.Outputs!);
        Assert.Equal(("y", TensorDatatype.FP32), (output.Name, output.Datatype));
        Assert.Equal([1, 2], output.Shape);
        Assert.Equal(Output.Data, output.Data);
    }

    [Fact]
    public void Decode_GoldenBytesOfFormatOne_IsTheKnownRecordWithoutWhatItLacked()
    {
        var body = PredictionBody.Decode(Convert.FromHexString(GoldenOne));

        AssertKnown(body);
        Assert.Equal((0, null, null), (body.Fingerprint, body.Times, body.Outputs));
    }

    [Fact]
    public void Encode_RecordOfAnEvent_IsTheGoldenBytesAndTheEvent()
    {
        var body = Encode(0x0102030405060708, degraded: true, 0.5, "éx", Happened, [FeatureValue.Of(2.5)], [FeatureValue.Of("food").AsDefault(), FeatureValue.Missing], ageMs: 300, Output);

        Assert.Equal(GoldenThree, Convert.ToHexString(body));
    }

    [Fact]
    public void Decode_GoldenBytesOfAnEvent_IsTheKnownRecordAndTheEvent()
    {
        var body = PredictionBody.Decode(Convert.FromHexString(GoldenThree));

        AssertKnown(body);
        Assert.Equal((Happened.View, Happened.Ticks), (body.Event!.View, body.Event.Ticks));
        Assert.Equal(Happened.Fields, body.Event.Fields);
    }

    [Theory]
    [InlineData(GoldenOne)]
    [InlineData(Golden)]
    [InlineData(GoldenThree)]
    public void ReadSchemaId_GoldenBytes_IsTheKnownId(string golden) =>
        Assert.Equal(0x0102030405060708, PredictionBody.ReadSchemaId(Convert.FromHexString(golden)));

    [Fact]
    public void Encode_OutputsTooLarge_AreLeftOut()
    {
        var large = new Tensor { Name = "y", Datatype = TensorDatatype.UINT8, Shape = [PredictionBody.MaxOutputBytes + 1], Data = new byte[PredictionBody.MaxOutputBytes + 1] };

        var body = Encode(1, degraded: false, 0.5, "", [], [], 0, large);

        Assert.InRange(body.Length, 1, 100);
        Assert.Null(PredictionBody.Decode(body).Outputs);
    }

    [Fact]
    public void Decode_WhatEncodeWrote_IsTheSame()
    {
        var random = new Random(17);
        for (var round = 0; round < 200; round++)
        {
            var (fields, columns) = (RandomValues(random), RandomValues(random));
            var (schema, degraded, prediction, age) = (random.NextInt64(), random.Next(2) == 1, random.NextDouble(), random.NextInt64(1L << 40));

            var body = PredictionBody.Decode(Encode(schema, degraded, prediction, RandomText(random), fields, columns, age));

            Assert.Equal((schema, degraded, prediction), (body.SchemaId, body.IsDegraded, body.Prediction));
            Assert.Equal([.. fields, .. columns], body.Features.Select(feature => feature.Value));
            Assert.Equal(
                [.. fields.Select(_ => TimeSpan.Zero), .. columns.Select(_ => TimeSpan.FromMilliseconds(age))], body.Features.Select(feature => feature.Age));
        }
    }

    [Fact]
    public void Decode_NewerFormat_IsRefused()
    {
        var fault = Assert.Throws<InvalidDataException>(() => PredictionBody.Decode([4, 0, 0]));

        Assert.Equal("The record has format 4; this program reads formats 1 to 3.", fault.Message);
    }

    [Fact]
    public void Decode_CutAnywhere_IsRefusedAsDamaged()
    {
        var body = Convert.FromHexString(GoldenThree);

        for (var length = 0; length < body.Length; length++) Assert.Throws<InvalidDataException>(() => PredictionBody.Decode(body[..length]));
    }

    [Fact]
    public void Decode_AnyByteChanged_IsReadOrRefusedAsDamaged()
    {
        var golden = Convert.FromHexString(GoldenThree);
        for (var i = 0; i < golden.Length; i++)
        {
            foreach (var value in new byte[] { 0x00, 0x7F, 0x80, 0xFF })
            {
                var body = golden.ToArray();
                body[i] = value;
                var fault = Record.Exception(() => PredictionBody.Decode(body));
                Assert.True(fault is null or InvalidDataException, $"byte {i} = {value:X2} gave {fault}");
            }
        }
    }

    [Fact]
    public void FeatureSchema_SameNames_HaveTheSameIdForEver() =>
        Assert.Equal(SchemaId, FeatureSchema.Of(["request.amount", "spending.count_1d"]).Id);

    [Fact]
    public void FeatureSchema_OtherOrder_HasAnotherId() =>
        Assert.NotEqual(SchemaId, FeatureSchema.Of(["spending.count_1d", "request.amount"]).Id);

    private static void AssertKnown(PredictionBody body)
    {
        Assert.Equal((0x0102030405060708, true, 0.5, "éx"), (body.SchemaId, body.IsDegraded, body.Prediction, body.Info));
        Assert.Equal(
            [
                new RecordedFeature(FeatureValue.Of(2.5), TimeSpan.Zero),
                new RecordedFeature(FeatureValue.Of("food").AsDefault(), TimeSpan.FromMilliseconds(300)),
                new RecordedFeature(FeatureValue.Missing, TimeSpan.FromMilliseconds(300)),
            ],
            body.Features);
    }

    private static FeatureValue[] RandomValues(Random random) =>
    [
        .. Enumerable.Range(0, random.Next(20)).Select(_ => random.Next(3) switch
        {
            0 => FeatureValue.Of(random.NextDouble() * 1e6),
            1 => FeatureValue.Of(RandomText(random)),
            _ => FeatureValue.Missing,
        } with { Status = (FeatureStatus)random.Next(5) }),
    ];

    private static string RandomText(Random random) =>
        string.Concat(Enumerable.Range(0, random.Next(200)).Select(_ => random.Next(4) == 0 ? "😀" : ((char)random.Next(0x20, 0xD7FF)).ToString()));

    private byte[] Encode(long schema, bool degraded, double value, string info, FeatureValue[] fields, FeatureValue[] columns, long ageMs, params Tensor[] outputs) =>
        Encode(schema, degraded, value, info, null, fields, columns, ageMs, outputs);

    private byte[] Encode(
        long schema, bool degraded, double value, string info, RecordedEvent? happened, FeatureValue[] fields, FeatureValue[] columns, long ageMs, params Tensor[] outputs)
    {
        var readAt = _time.GetTimestamp();
        _time.Advance(TimeSpan.FromMilliseconds(ageMs));
        var request = new RequestBuilder(_time);
        for (var i = 0; i < fields.Length; i++) request.Declare($"f{i}", DeclaredFieldType.Text);
        var plan = new PredictPlan
        {
            Model = "fraud",
            Request = request.Contract(),
            Sources = [new PlannedSource(new FakeFeatureSource("a"), fields.Length)],
            Schema = new FeatureSchema(schema, [.. Enumerable.Range(0, fields.Length + columns.Length).Select(i => $"name{i}")]),
            Defaults = [],
            Inputs = [],
            Output = new PlannedOutput("fraud", "y", 0),
            Info = new PlannedInfo(null, ""),
            Rules = [],
            Deadline = TimeSpan.FromSeconds(1),
        };
        var features = new FeatureVector(plan, request.Bind() with { Values = fields }, [new FeatureRow(columns, readAt)], _time);
        var prediction = new Prediction { PredictionId = Guid.Empty, Value = value, Info = info, Model = "fraud", ModelVersion = 1, Degraded = degraded };
        return PredictionBody.Encode(schema, prediction, features, outputs, Times, fingerprint: 17, happened);
    }
}

using System.Buffers.Binary;
using OrleansInference;
using OrleansInference.Grains.Models.Sessions;

namespace IntegrationTests.Serving;

/// <summary>The runs of several requests' rows on the real runtime: each is answered as if it had been alone.</summary>
public sealed class BatchedSessionTests
{
    private static readonly byte[][] Texts = [[0x00, 0xFF, 0xFE], [], [0xC3, 0x28], "text"u8.ToArray(), [0xF0, 0x9F, 0x98, 0x80]];

    [Fact]
    public void Run_SeveralInputsOfAllKinds_AnswersEachAsIfAlone()
    {
        using var session = ServedTestModel.Load("several");
        Tensor[][] requests = [Several(2, 1), Several(1, 50), Several(3, 7)];

        var joined = Run(session, [.. requests.Select(request => Whole(session, request, (int)request[0].Shape[0]))]);

        for (var i = 0; i < requests.Length; i++) AssertSame(session.Run(requests[i], CancellationToken.None), joined[i]);
    }

    [Fact]
    public void Run_RowsOfALargerRequest_AnswersThoseRows()
    {
        using var session = ServedTestModel.Load("several");
        var request = Several(5, 3);
        var whole = session.Run(request, CancellationToken.None);

        var part = Run(session, [new BatchSlice(request, All(session), 1, 3, IsWhole: false)])[0];

        Assert.All(part, output => Assert.Equal(3, output.Shape[0]));
        Assert.Equal(Rows(whole.Single(output => output.Name == "total"), 1, 3), part.Single(output => output.Name == "total").Data);
        Assert.Equal(Rows(whole.Single(output => output.Name == "counts_out"), 1, 3), part.Single(output => output.Name == "counts_out").Data);
    }

    [Fact]
    public void Run_BytesThatAreNoUtf8_PassUnharmed()
    {
        using var session = ServedTestModel.Load("identity-bytes");
        var request = Strings(Texts);

        Assert.Equal(request.Data, session.Run([request], CancellationToken.None).Single().Data);
        var joined = Run(session, [Whole(session, [request], 5), Whole(session, [request], 5), new BatchSlice([request], [0], 1, 2, IsWhole: false)]);
        Assert.Equal(request.Data, joined[0].Single().Data);
        Assert.Equal(request.Data, joined[1].Single().Data);
        Assert.Equal(Strings(Texts[1..3]).Data, joined[2].Single().Data);
    }

    [Fact]
    public void Run_OutputsNamed_AnswersThoseInThatOrder()
    {
        using var session = ServedTestModel.Load("several");
        var request = Several(2, 1);
        var names = session.Metadata.Outputs.Select(output => output.Name).ToArray();

        var answer = Run(session, [new BatchSlice(request, [2, 0], 0, 2, IsWhole: true)])[0];

        Assert.Equal([names[2], names[0]], answer.Select(output => output.Name));
    }

    [Fact]
    public void Run_VariableShapes_AnswersEachAsIfAlone()
    {
        using var session = ServedTestModel.Load("variable");
        Tensor[] requests = [Cube(1, 2, 3), Cube(4, 2, 3)];

        var joined = Run(session, [.. requests.Select(request => Whole(session, [request], (int)request.Shape[0]))]);

        for (var i = 0; i < requests.Length; i++) AssertSame(session.Run([requests[i]], CancellationToken.None), joined[i]);
        AssertSame(session.Run([Cube(2, 5, 1)], CancellationToken.None), Run(session, [Whole(session, [Cube(2, 5, 1)], 2)])[0]);
    }

    [Fact]
    public void Run_ModelFails_IsModelFailedAndTheNextRunIsRight()
    {
        using var session = ServedTestModel.Load("fails-on");

        var failure = Assert.Throws<InferenceException>(() => session.Run([ServedTestModel.Floats("x", 1, 1, 12)], CancellationToken.None));

        Assert.Equal(InferenceErrorCode.ModelFailed, failure.Code);
        Assert.Equal([3f], session.Run([ServedTestModel.Floats("x", 1, 1, 3)], CancellationToken.None).Single().Elements<float>().ToArray());
    }

    [Fact]
    public void Metadata_BatchDimension_IsReadFromTheFile()
    {
        using var several = ServedTestModel.Load("several");
        using var fixedSize = ServedTestModel.Load("no-batch");

        Assert.Equal((true, false), (several.Metadata.IsBatchable, fixedSize.Metadata.IsBatchable));
    }

    [Fact]
    public void Run_SteadyState_AllocatesForTheAnswersAndNothingForEachRow()
    {
        using var session = ServedTestModel.Load("mlp-256");
        var (small, large) = (Batch(session, rows: 2), Batch(session, rows: 8));
        for (var i = 0; i < 100; i++)
        {
            Allocated(session, small);
            Allocated(session, large);
        }

        // Eight requests each, of two rows or of eight (the shape of one is shared): the only difference is the size of the answers, 4 bytes a row.
        var difference = Allocated(session, large) - Allocated(session, small);

        Assert.Equal(8 * (8 - 2) * sizeof(float), difference, tolerance: 8.0 * sizeof(long));
    }

    private static long Allocated(IModelSession session, InferenceBatch batch)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        session.Run(batch, CancellationToken.None);
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private static InferenceBatch Batch(IModelSession session, int rows)
    {
        var batch = new InferenceBatch(TimeProvider.System);
        for (var i = 0; i < 8; i++) batch.Add(Whole(session, [ServedTestModel.Floats("x", rows, 32, i)], rows));
        return batch;
    }

    private static Tensor[][] Run(IModelSession session, BatchSlice[] slices)
    {
        var batch = new InferenceBatch(TimeProvider.System);
        foreach (var slice in slices) batch.Add(slice);
        Assert.True(session.Run(batch, CancellationToken.None));
        return [.. slices.Select((_, i) => batch.OutputsOf(i)!)];
    }

    private static BatchSlice Whole(IModelSession session, Tensor[] request, int rows) => new(request, All(session), 0, rows, IsWhole: true);

    private static int[] All(IModelSession session) => [.. Enumerable.Range(0, session.Metadata.Outputs.Count)];

    private static Tensor[] Several(int rows, int first) =>
    [
        ServedTestModel.Floats("amounts", rows, 2, first),
        Tensor.Create<long>("counts", TensorDatatype.INT64, [rows, 3], [.. Enumerable.Range(first, rows * 3).Select(i => (long)i)]),
        new Tensor { Name = "flags", Datatype = TensorDatatype.BOOL, Shape = [rows, 1], Data = [.. Enumerable.Range(first, rows).Select(i => (byte)(i % 2))] },
        Strings([.. Enumerable.Range(0, rows).Select(i => Texts[(first + i) % Texts.Length])]) with { Name = "names" },
    ];

    private static Tensor Strings(byte[][] texts)
    {
        using var data = new MemoryStream();
        var length = new byte[4];
        foreach (var text in texts)
        {
            BinaryPrimitives.WriteInt32LittleEndian(length, text.Length);
            data.Write(length);
            data.Write(text);
        }

        return new Tensor { Name = "x", Datatype = TensorDatatype.BYTES, Shape = [texts.Length, 1], Data = data.ToArray() };
    }

    private static Tensor Cube(int rows, int width, int depth) =>
        Tensor.Create<float>("x", TensorDatatype.FP32, [rows, width, depth], [.. Enumerable.Range(rows, rows * width * depth).Select(i => (float)i)]);

    private static byte[] Rows(Tensor tensor, int first, int count)
    {
        var perRow = tensor.Data.Length / (int)tensor.Shape[0];
        return tensor.Data[(first * perRow)..((first + count) * perRow)];
    }

    private static void AssertSame(IReadOnlyList<Tensor> expected, Tensor[] actual)
    {
        Assert.Equal(expected.Count, actual.Length);
        for (var i = 0; i < expected.Count; i++)
        {
            Assert.Equal((expected[i].Name, expected[i].Datatype), (actual[i].Name, actual[i].Datatype));
            Assert.Equal(expected[i].Shape, actual[i].Shape);
            Assert.Equal(expected[i].Data, actual[i].Data);
        }
    }
}

using Microsoft.ML.OnnxRuntime;

namespace OrleansInference.Grains.Models.Sessions;

/// <summary>The outputs of one run in memory that the runtime chose; each request is given a copy of its own.</summary>
internal sealed class FreeOutputs(IReadOnlyList<TensorMetadata> declared, IReadOnlyList<OrtValue> values)
{
    private readonly long[][] _shapes = [.. values.Select(value => value.GetTensorTypeAndShape().Shape)];

    /// <summary>False where the outputs do not have the batch's rows first; then only a whole request that is alone is answered.</summary>
    public bool Answer(InferenceBatch batch)
    {
        var rowsFirst = Array.TrueForAll(_shapes, shape => shape is [var rows, ..] && rows == batch.Rows);
        if (batch.Slices is [{ IsWhole: true } only]) batch.Answer(0, [.. only.Outputs.Select(Whole)]);
        else if (rowsFirst) AnswerEach(batch);
        return rowsFirst;
    }

    private void AnswerEach(InferenceBatch batch)
    {
        var firstRow = 0;
        for (var i = 0; i < batch.Slices.Length; i++)
        {
            ref readonly var slice = ref batch.Slices[i];
            var outputs = new Tensor[slice.Outputs.Count];
            for (var j = 0; j < outputs.Length; j++) outputs[j] = Rows(slice.Outputs[j], firstRow, slice.Rows, batch.Rows);
            batch.Answer(i, outputs);
            firstRow += slice.Rows;
        }
    }

    private Tensor Whole(int output) => Make(output, _shapes[output], IsText(output)
        ? OnnxStrings.Read(values[output], 0, Elements(output))
        : values[output].GetTensorMutableRawData().ToArray());

    private Tensor Rows(int output, int firstRow, int rows, int allRows)
    {
        var shape = (long[])_shapes[output].Clone();
        shape[0] = rows;
        return Make(output, shape, IsText(output) ? Strings(output, firstRow, rows, allRows) : Numbers(output, firstRow, rows, allRows));
    }

    private byte[] Strings(int output, int firstRow, int rows, int allRows)
    {
        var perRow = Elements(output) / allRows;
        return OnnxStrings.Read(values[output], firstRow * perRow, rows * perRow);
    }

    private byte[] Numbers(int output, int firstRow, int rows, int allRows)
    {
        var bytes = values[output].GetTensorMutableRawData();
        var perRow = bytes.Length / allRows;
        return bytes.Slice(firstRow * perRow, rows * perRow).ToArray();
    }

    private Tensor Make(int output, long[] shape, byte[] data) =>
        new() { Name = declared[output].Name, Datatype = declared[output].Datatype, Shape = shape, Data = data };

    private bool IsText(int output) => declared[output].Datatype is TensorDatatype.BYTES;

    private int Elements(int output) => (int)_shapes[output].Aggregate(1L, (product, size) => product * size);
}

using System.Runtime.InteropServices;
using Google.Protobuf;
using OrleansInference;
using OrleansInference.Api.Grpc.OpenInference;
using OrleansInference.Api.Grpc.OpenInference.Wire;

namespace UnitTests.Api.Grpc;

public sealed class TypedContentsTests
{
    public static TheoryData<TensorDatatype> Typed => [.. Enum.GetValues<TensorDatatype>().Where(TypedContents.CanHold)];

    [Fact]
    public void CanHold_HalfPrecision_IsRawOnly() =>
        Assert.Equal([TensorDatatype.FP16, TensorDatatype.BF16], Enum.GetValues<TensorDatatype>().Where(datatype => !TypedContents.CanHold(datatype)));

    [Theory]
    [MemberData(nameof(Typed))]
    public void Read_WhatWriteWrote_IsTheSameBytes(TensorDatatype datatype)
    {
        var random = new Random((int)datatype);
        for (var elements = 0; elements < 20; elements++)
        {
            var data = RandomData(random, datatype, elements);
            var contents = TypedContents.Write(new Tensor { Name = "x", Datatype = datatype, Shape = [elements], Data = data });

            Assert.Equal(data, TypedContents.Read("input 'x'", datatype, [elements], elements, contents));
        }
    }

    [Fact]
    public void Read_NoContents_AreNoElements() =>
        Assert.Empty(TypedContents.Read("input 'x'", TensorDatatype.FP32, [0, 4], 0, contents: null));

    [Theory]
    [InlineData(TensorDatatype.INT8, -129, "-129 at element 1; INT8 takes -128 to 127")]
    [InlineData(TensorDatatype.INT8, 128, "128 at element 1; INT8 takes -128 to 127")]
    [InlineData(TensorDatatype.INT16, 32768, "32768 at element 1; INT16 takes -32768 to 32767")]
    public void Read_SignedBeyondRange_IsRefused(TensorDatatype datatype, int value, string told) =>
        AssertRefused(datatype, new InferTensorContents { IntContents = { 0, value } }, told);

    [Theory]
    [InlineData(TensorDatatype.UINT8, 256u, "256 at element 1; UINT8 takes 0 to 255")]
    [InlineData(TensorDatatype.UINT16, uint.MaxValue, "4294967295 at element 1; UINT16 takes 0 to 65535")]
    public void Read_UnsignedBeyondRange_IsRefused(TensorDatatype datatype, uint value, string told) =>
        AssertRefused(datatype, new InferTensorContents { UintContents = { 0, value } }, told);

    [Theory]
    [InlineData(TensorDatatype.FP16)]
    [InlineData(TensorDatatype.BF16)]
    public void Read_HalfPrecision_IsRefused(TensorDatatype datatype) =>
        AssertRefused(datatype, new InferTensorContents { Fp32Contents = { 1, 2 } }, "has no typed contents; send raw_input_contents");

    [Fact]
    public void Read_FieldOfAnotherDatatypeBesides_IsRefused() =>
        AssertRefused(TensorDatatype.INT64, new InferTensorContents { Int64Contents = { 1, 2 }, BoolContents = { true } }, "INT64 takes int64_contents alone");

    [Fact]
    public void Read_OtherCountThanShape_IsRefused() =>
        AssertRefused(TensorDatatype.BYTES, new InferTensorContents { BytesContents = { ByteString.Empty } }, "has 1 elements in bytes_contents, but its shape [2] takes 2");

    private static void AssertRefused(TensorDatatype datatype, InferTensorContents contents, string told)
    {
        var fault = Assert.Throws<InferenceException>(() => TypedContents.Read("input 'x'", datatype, [2], 2, contents));

        Assert.Equal(InferenceErrorCode.InvalidInput, fault.Code);
        Assert.Equal("input 'x'", Assert.Single(fault.Fields).Field);
        Assert.Contains(told, fault.Message, StringComparison.Ordinal);
    }

    private static byte[] RandomData(Random random, TensorDatatype datatype, int elements)
    {
        if (datatype is TensorDatatype.BYTES) return [.. Enumerable.Range(0, elements).SelectMany(_ => Text(random))];

        var data = new byte[elements * Math.Max(1, OrleansInference.Api.OpenInference.Datatypes.SizeOf(datatype))];
        random.NextBytes(data);
        if (datatype is TensorDatatype.BOOL) data = [.. data.Select(element => (byte)(element & 1))];
        return data;
    }

    private static byte[] Text(Random random)
    {
        var text = new byte[random.Next(5)];
        random.NextBytes(text);
        return [.. MemoryMarshal.AsBytes<int>([text.Length]), .. text];
    }
}

using System.Globalization;
using Microsoft.ML.OnnxRuntime;
using OrleansInference.ModelCheck;

const string Usage = """
    ModelCheck: answers and times of an ONNX model, from the ONNX Runtime that serves it (one thread, no spinning).

      predict   MODEL INPUT.csv OUTPUT.csv [ROWS_PER_RUN]   writes the columns of every output (default 1024 rows at a time)
      time      MODEL INPUT.csv ROWS_PER_RUN RUNS           prints microseconds per run: median, 99th percentile, least
      terminate MODEL INPUT.csv AFTER_MS                    prints milliseconds from RunOptions.Terminate to the end of the run
      describe  MODEL                                       prints the inputs and outputs, of any datatype

    INPUT.csv has a header; its columns go to the model's inputs in order, as many to each as its last dimension says.
    """;

try
{
    return args switch
    {
        ["predict", var model, var input, var output] => Predict(model, input, output, 1024),
        ["predict", var model, var input, var output, var rows] => Predict(model, input, output, Whole(rows)),
        ["time", var model, var input, var rows, var runs] => Time(model, input, Whole(rows), Whole(runs)),
        ["terminate", var model, var input, var afterMs] => Terminate(model, input, Whole(afterMs)),
        ["describe", var model] => Describe(model),
        _ => Fail(Usage),
    };
}
catch (InvalidDataException fault)
{
    return Fail(fault.Message);
}

static int Predict(string model, string input, string output, int rowsPerRun)
{
    using var checkedModel = new CheckedModel(model);
    var rows = CsvRows.Read(input);
    using var writer = new StreamWriter(output);
    for (var first = 0; first < rows.Count; first += rowsPerRun)
        CsvRows.Write(writer, checkedModel.Run(rows.Slice(first, rowsPerRun)));
    return 0;
}

static int Time(string model, string input, int rowsPerRun, int runs)
{
    using var checkedModel = new CheckedModel(model);
    var times = Stopwatches.Measure(checkedModel, CsvRows.Read(input), rowsPerRun, runs);
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{times.Median:F1} {times.Percentile99:F1} {times.Least:F1}"));
    return 0;
}

static int Terminate(string model, string input, int afterMs)
{
    using var checkedModel = new CheckedModel(model);
    var took = Stopwatches.MeasureTermination(checkedModel, CsvRows.Read(input), TimeSpan.FromMilliseconds(afterMs));
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{took.TotalMilliseconds:F1}"));
    return 0;
}

static int Describe(string model)
{
    using var session = new InferenceSession(model);
    foreach (var line in DescribeAll("input", session.InputMetadata).Concat(DescribeAll("output", session.OutputMetadata)))
        Console.WriteLine(line);
    return 0;
}

static IEnumerable<string> DescribeAll(string kind, IReadOnlyDictionary<string, NodeMetadata> nodes) =>
    nodes.Select(node => $"{kind} {node.Key} {node.Value.ElementDataType} [{string.Join(',', node.Value.Dimensions)}]");

static int Whole(string text) =>
    int.TryParse(text, CultureInfo.InvariantCulture, out var number) && number > 0
        ? number
        : throw new InvalidDataException($"'{text}' is not a positive whole number.");

static int Fail(string message)
{
    Console.Error.WriteLine(message);
    return 2;
}

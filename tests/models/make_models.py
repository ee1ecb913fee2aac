#!/usr/bin/env python3
"""Makes the models that only the tests use; run it from anywhere, it writes beside itself.

Rows [N, …] may be joined to batches; x goes in and y comes out, FP32 where nothing else is said.

slow             y = x after about one millisecond per iteration, so that a test chooses how long a run takes
broken           not an ONNX model
identity         y = x at once, for any number of rows
identity-TYPE    y = x of shape [N, M] for every datatype: bool, uint8, …, fp16, bf16, bytes
variable         x [N, A, B] with three dynamic dimensions; y = 2 x, and total [N], each row's sum
several          amounts FP32 [N, 2], counts INT64 [N, 3], flags BOOL [N, 1], names BYTES [N, 1];
                 names_out = names, counts_out = counts + 1, flags_out = not flags, total FP32 [N, 1] = all amounts and counts
vector           x [N] of rank one; y = x + 1
no-batch         x [3, 2] of a fixed size; y = x + the sum of all of x, so that strangers' rows would show
scalar           x [] of rank zero; y = x + 1
scale, shift     x [N, 4]; y = 2 x; y = x + 3: steps of ensembles, whose order shows
sum              a and b [N, 4]; y = a + b: the step that joins two
many-nodes       x [N, 1]; y = x after 1,100 nodes in a row, about 0.1 s for any N: it can be stopped between two nodes
fails-on         x [N, 1]; y = x for whole numbers from 0 to 9; the run fails when any row is 10 or more
nan              x [N, 1]; y is never a number
mlp-256          x [N, 32]; y [N, 1]: layers of 256 and 256, seeded random weights
versioned        x [N, 1]; version n answers y = x + n, for n = 1, 2, 3
external         x [N, 4]; y = x + [10, 20, 30, 40], which lie in weights.bin beside the model
external-outside the same, reaching for the weights of `external`, which is another model's folder

With the argument `large` it makes these instead, too large to be committed, in artifacts/models/:

mlp-1024         x [N, 32]; y [N, 1]: layers of 1024, 1024 and 512, seeded random weights; 6.4 MB
large            x [N, 32]; y [N, 1]: layers of 2048, 2048 and 1024, seeded random weights; 25 MB
"""

import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
sys.path.insert(0, str(REPOSITORY / "models" / "train"))

import onnx_graphs  # noqa: E402
import onnx_runtime  # noqa: E402
from onnx_graphs import constant, floats, tensor  # noqa: E402

SLOW_SIZE = 128
PRODUCTS_PER_ITERATION = 22.0
CHAIN_SIZE = 256
CHAIN_PRODUCTS = 550

DATATYPES = {
    "bool": TensorProto.BOOL,
    "uint8": TensorProto.UINT8, "uint16": TensorProto.UINT16, "uint32": TensorProto.UINT32, "uint64": TensorProto.UINT64,
    "int8": TensorProto.INT8, "int16": TensorProto.INT16, "int32": TensorProto.INT32, "int64": TensorProto.INT64,
    "fp16": TensorProto.FLOAT16, "fp32": TensorProto.FLOAT, "fp64": TensorProto.DOUBLE, "bf16": TensorProto.BFLOAT16,
    "bytes": TensorProto.STRING,
}


def model_path(name, version=1, folder=HERE):
    """Where a version of a test model lies."""
    return folder / name / str(version) / "model.onnx"


def save(name, nodes, inputs, outputs, initializers=(), version=1, folder=HERE):
    """Writes one version of a model."""
    graph = helper.make_graph(nodes, name, inputs, outputs, list(initializers))
    onnx_graphs.save(graph, model_path(name, version, folder))


def make_slow():
    """The trip count of the loop is an input; one iteration of the caller's is as many products as take a millisecond."""
    nodes, initializers = onnx_graphs.busy_nodes("x", "trip_count", SLOW_SIZE)
    initializers += [
        onnx_graphs.constant("scalar", [], np.int64),
        onnx_graphs.constant("products_per_iteration", PRODUCTS_PER_ITERATION),
    ]
    nodes = [
        helper.make_node("Reshape", ["iterations", "scalar"], ["one_number"]),
        helper.make_node("Mul", ["one_number", "products_per_iteration"], ["products"]),
        helper.make_node("Cast", ["products"], ["trip_count"], to=TensorProto.INT64),
        *nodes,
        helper.make_node("Add", ["x", "nothing"], ["y"]),
    ]
    inputs = [floats("x", [1, 1]), floats("iterations", [1, 1])]
    save("slow", nodes, inputs, [floats("y", [1, 1])], initializers)


def make_broken():
    """Loading it must fail with a clear message, not with a crash."""
    path = model_path("broken")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("This is not an ONNX model.\n")


def make_identity():
    """The dynamic first dimension lets the batcher join rows."""
    nodes = [helper.make_node("Identity", ["x"], ["y"])]
    save("identity", nodes, [floats("x", ["N", 4])], [floats("y", ["N", 4])])


def make_identities():
    """One for every datatype, of any width."""
    for name, datatype in DATATYPES.items():
        nodes = [helper.make_node("Identity", ["x"], ["y"])]
        save(f"identity-{name}", nodes, [tensor("x", datatype, ["N", "M"])], [tensor("y", datatype, ["N", "M"])])


def make_variable():
    """Requests whose other dimensions differ must not share a batch."""
    nodes = [
        helper.make_node("Mul", ["x", "two"], ["y"]),
        helper.make_node("ReduceSum", ["x", "inner"], ["total"], keepdims=0),
    ]
    initializers = [constant("two", 2), constant("inner", [1, 2], np.int64)]
    save("variable", nodes, [floats("x", ["N", "A", "B"])], [floats("y", ["N", "A", "B"]), floats("total", ["N"])], initializers)


def make_several():
    """The outputs come in another order than their inputs, so that a mix-up shows."""
    nodes = [
        helper.make_node("Identity", ["names"], ["names_out"]),
        helper.make_node("Add", ["counts", "one"], ["counts_out"]),
        helper.make_node("Not", ["flags"], ["flags_out"]),
        helper.make_node("Cast", ["counts"], ["counted"], to=TensorProto.FLOAT),
        helper.make_node("Concat", ["amounts", "counted"], ["all"], axis=1),
        helper.make_node("ReduceSum", ["all", "columns"], ["total"], keepdims=1),
    ]
    inputs = [
        floats("amounts", ["N", 2]), tensor("counts", TensorProto.INT64, ["N", 3]),
        tensor("flags", TensorProto.BOOL, ["N", 1]), tensor("names", TensorProto.STRING, ["N", 1]),
    ]
    outputs = [
        tensor("names_out", TensorProto.STRING, ["N", 1]), tensor("counts_out", TensorProto.INT64, ["N", 3]),
        tensor("flags_out", TensorProto.BOOL, ["N", 1]), floats("total", ["N", 1]),
    ]
    save("several", nodes, inputs, outputs, [constant("one", 1, np.int64), constant("columns", [1], np.int64)])


def make_unbatched():
    """Rank one is still a batch; a fixed first dimension and rank zero are none."""
    add_one = [helper.make_node("Add", ["x", "one"], ["y"])]
    save("vector", add_one, [floats("x", ["N"])], [floats("y", ["N"])], [constant("one", 1)])
    save("scalar", add_one, [floats("x", [])], [floats("y", [])], [constant("one", 1)])
    add_all = [helper.make_node("ReduceSum", ["x"], ["all"], keepdims=1), helper.make_node("Add", ["x", "all"], ["y"])]
    save("no-batch", add_all, [floats("x", [3, 2])], [floats("y", [3, 2])])


def make_steps():
    """Scaling then shifting differs from shifting then scaling."""
    x, y = floats("x", ["N", 4]), floats("y", ["N", 4])
    save("scale", [helper.make_node("Mul", ["x", "two"], ["y"])], [x], [y], [constant("two", 2)])
    save("shift", [helper.make_node("Add", ["x", "three"], ["y"])], [x], [y], [constant("three", 3)])
    save("sum", [helper.make_node("Add", ["a", "b"], ["y"])], [floats("a", ["N", 4]), floats("b", ["N", 4])], [y])


def make_many_nodes():
    """The work starts from the number of rows, so that it is the same for all and no row reaches another."""
    nodes, initializers = onnx_graphs.busy_chain("row_count", CHAIN_PRODUCTS, CHAIN_SIZE)
    nodes = [
        helper.make_node("Shape", ["x"], ["rows"], start=0, end=1),
        helper.make_node("Cast", ["rows"], ["rows_as_float"], to=TensorProto.FLOAT),
        helper.make_node("Reshape", ["rows_as_float", "one_cell"], ["row_count"]),
        *nodes,
        helper.make_node("Add", ["x", "nothing"], ["y"]),
    ]
    save("many-nodes", nodes, [floats("x", ["N", 1])], [floats("y", ["N", 1])], [*initializers, constant("one_cell", [1, 1], np.int64)])


def make_fails_on():
    """Looking a number up in a table of ten fails at run time beyond its end, and with it the whole batch."""
    nodes = [
        helper.make_node("Cast", ["x"], ["index"], to=TensorProto.INT64),
        helper.make_node("Gather", ["table", "index"], ["y"]),
    ]
    save("fails-on", nodes, [floats("x", ["N", 1])], [floats("y", ["N", 1])], [constant("table", range(10))])


def make_nan():
    """Zero by zero, kept from being folded into a constant by the input."""
    nodes = [helper.make_node("Mul", ["x", "zero"], ["nothing"]), helper.make_node("Div", ["nothing", "zero"], ["y"])]
    save("nan", nodes, [floats("x", ["N", 1])], [floats("y", ["N", 1])], [constant("zero", 0)])


def make_mlp(name, hidden, folder=HERE):
    """Layers of ReLU, scaled (He) so that the answers neither vanish nor explode."""
    random = np.random.default_rng(42)
    widths = [32, *hidden, 1]
    nodes, initializers = [], []
    for i, (narrow, wide) in enumerate(zip(widths, widths[1:])):
        initializers.append(constant(f"w{i}", random.standard_normal((narrow, wide)) * np.sqrt(2.0 / narrow)))
        initializers.append(constant(f"b{i}", random.standard_normal(wide) * 0.1))
        last = i == len(hidden)
        nodes.append(helper.make_node("Gemm", ["x" if i == 0 else f"h{i}", f"w{i}", f"b{i}"], ["y" if last else f"a{i}"]))
        if not last:
            nodes.append(helper.make_node("Relu", [f"a{i}"], [f"h{i + 1}"]))
    save(name, nodes, [floats("x", ["N", 32])], [floats("y", ["N", 1])], initializers, folder=folder)


def make_versioned():
    """The answer tells which version gave it."""
    for version in (1, 2, 3):
        nodes = [helper.make_node("Add", ["x", "version"], ["y"])]
        save("versioned", nodes, [floats("x", ["N", 1])], [floats("y", ["N", 1])], [constant("version", version)], version)


def make_external():
    """Weights in a file of their own: beside the model, or where no model may reach."""
    add = [helper.make_node("Add", ["x", "weights"], ["y"])]
    for name, location in (("external", "weights.bin"), ("external-outside", "../../external/1/weights.bin")):
        weights = constant("weights", [10, 20, 30, 40])
        save(name, add, [floats("x", ["N", 4])], [floats("y", ["N", 4])], [weights])
        model = onnx.load(model_path(name))
        (model_path("external").parent / "weights.bin").write_bytes(weights.raw_data)
        _point_to(model.graph.initializer[0], location)
        model_path(name).write_bytes(model.SerializeToString())


def _point_to(initializer, location):
    """Moves an initializer's values to a file, as onnx.external_data_helper does, but to any place."""
    initializer.ClearField("raw_data")
    initializer.data_location = TensorProto.EXTERNAL
    initializer.external_data.add(key="location", value=location)


def make_large():
    """What only benchmarks load."""
    folder = REPOSITORY / "artifacts" / "models"
    make_mlp("mlp-1024", [1024, 1024, 512], folder)
    make_mlp("large", [2048, 2048, 1024], folder)
    for name in ("mlp-1024", "large"):
        print("\n".join([name, *onnx_runtime.describe(model_path(name, folder=folder))]))


def check():
    """ONNX Runtime loads them all, the answers are right, and a run can be stopped."""
    for path in sorted(HERE.glob("*/*/model.onnx")):
        name = path.parent.parent.name
        if name not in ("broken", "external-outside"):
            print("\n".join([f"{name}/{path.parent.name}", *(f"  {line}" for line in onnx_runtime.describe(path))]))
    check_answers()
    check_times()


def check_answers():
    """Of the models that take floats in rows; the tests ask the others."""
    rows = np.array([[3.25, 0], [-7.5, 1], [1e30, 5]], dtype=np.float32)
    assert np.array_equal(onnx_runtime.predict(model_path("slow"), rows, rows_per_run=1)[:, 0], rows[:, 0])
    four = np.arange(12, dtype=np.float32).reshape(3, 4)
    expected = {"identity": four, "scale": 2 * four, "shift": four + 3, "external": four + [10, 20, 30, 40]}
    for name, answer in expected.items():
        assert np.array_equal(onnx_runtime.predict(model_path(name), four), answer), name
    eight = np.arange(24, dtype=np.float32).reshape(3, 8)
    assert np.array_equal(onnx_runtime.predict(model_path("sum"), eight), eight[:, :4] + eight[:, 4:])
    ten = np.arange(10, dtype=np.float32).reshape(10, 1)
    for name, version, answer in (("many-nodes", 1, ten), ("fails-on", 1, ten), ("versioned", 1, ten + 1), ("versioned", 3, ten + 3)):
        assert np.array_equal(onnx_runtime.predict(model_path(name, version), ten), answer), name
    assert np.isnan(onnx_runtime.predict(model_path("nan"), ten)).all()
    random = np.random.default_rng(1).standard_normal((1000, 32))
    scores = onnx_runtime.predict(model_path("mlp-256"), random)
    print(f"mlp-256 answers {scores.mean():.2f} ± {scores.std():.2f}")
    assert np.isfinite(scores).all() and scores.std() > 0.1


def check_times():
    """What the times of tests rest on."""
    for iterations in (0, 1, 10, 100):
        median, high, least = onnx_runtime.time_us(model_path("slow"), [[1.0, iterations]], runs=20)
        print(f"slow, {iterations} iterations: {median / 1000:.2f} ms (99th percentile {high / 1000:.2f}, least {least / 1000:.2f})")
    print(f"slow ends {onnx_runtime.terminate_ms(model_path('slow'), [1.0, 10000], 50):.1f} ms after RunOptions.Terminate")
    median, high, least = onnx_runtime.time_us(model_path("many-nodes"), [[1.0]], runs=20)
    print(f"many-nodes: {median / 1000:.2f} ms (99th percentile {high / 1000:.2f}, least {least / 1000:.2f})")
    print(f"many-nodes ends {onnx_runtime.terminate_ms(model_path('many-nodes'), [1.0], 50):.1f} ms after RunOptions.Terminate")
    for rows in (1, 32):
        median, high, least = onnx_runtime.time_us(model_path("mlp-256"), np.ones((rows, 32)), rows_per_run=rows)
        print(f"mlp-256, {rows} rows: {median:.1f} us (99th percentile {high:.1f}, least {least:.1f})")


if __name__ == "__main__":
    if sys.argv[1:] == ["large"]:
        make_large()
        sys.exit()
    for make in (
        make_slow, make_broken, make_identity, make_identities, make_variable, make_several, make_unbatched, make_steps,
        make_many_nodes, make_fails_on, make_nan, make_versioned, make_external,
    ):
        make()
    make_mlp("mlp-256", [256, 256])
    check()

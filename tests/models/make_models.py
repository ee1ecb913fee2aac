#!/usr/bin/env python3
"""Makes the models that only the tests use; run it from anywhere, it writes beside itself.

slow      y = x after about one millisecond per iteration, so that a test chooses how long a run takes
broken    not an ONNX model
identity  y = x at once, for any number of rows
"""

import sys
from pathlib import Path

import numpy as np
from onnx import TensorProto, helper

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "models" / "train"))

import onnx_graphs  # noqa: E402
import onnx_runtime  # noqa: E402

SLOW_SIZE = 128
PRODUCTS_PER_ITERATION = 22.0


def model_path(name):
    """Where the only version of a test model lies."""
    return HERE / name / "1" / "model.onnx"


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
    inputs = [onnx_graphs.floats("x", [1, 1]), onnx_graphs.floats("iterations", [1, 1])]
    graph = helper.make_graph(nodes, "slow", inputs, [onnx_graphs.floats("y", [1, 1])], initializers)
    onnx_graphs.save(graph, model_path("slow"))


def make_broken():
    """Loading it must fail with a clear message, not with a crash."""
    path = model_path("broken")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("This is not an ONNX model.\n")


def make_identity():
    """The dynamic first dimension lets the batcher join rows."""
    nodes = [helper.make_node("Identity", ["x"], ["y"])]
    graph = helper.make_graph(nodes, "identity", [onnx_graphs.floats("x", ["N", 4])], [onnx_graphs.floats("y", ["N", 4])])
    onnx_graphs.save(graph, model_path("identity"))


def check():
    """The answers are the inputs, and a run can be stopped."""
    rows = np.array([[3.25, 0], [-7.5, 1], [1e30, 5]], dtype=np.float32)
    assert np.array_equal(onnx_runtime.predict(model_path("slow"), rows, rows_per_run=1)[:, 0], rows[:, 0])
    four = np.arange(12, dtype=np.float32).reshape(3, 4)
    assert np.array_equal(onnx_runtime.predict(model_path("identity"), four), four)
    for iterations in (0, 1, 10, 100):
        median, high, least = onnx_runtime.time_us(model_path("slow"), [[1.0, iterations]], runs=20)
        print(f"slow, {iterations} iterations: {median / 1000:.2f} ms (99th percentile {high / 1000:.2f}, least {least / 1000:.2f})")
    print(f"slow ends {onnx_runtime.terminate_ms(model_path('slow'), [1.0, 10000], 50):.1f} ms after RunOptions.Terminate")


if __name__ == "__main__":
    make_slow()
    make_broken()
    make_identity()
    check()

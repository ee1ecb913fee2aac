#!/usr/bin/env python3
"""Makes models/tutorial/1/model.onnx: prediction = db_feature / 100, after about 200 ms of real computation.

The tutorial's model stands for any heavy model: the arithmetic is plain, the time is not slept but computed.
    make_tutorial.py [--calibrate]
With --calibrate the number of iterations is measured anew on this (quiet!) machine instead of taken from below.
"""

import sys

import numpy as np
from onnx import helper

import onnx_graphs
import onnx_runtime

MODEL = onnx_runtime.REPOSITORY / "models" / "tutorial" / "1" / "model.onnx"
TARGET_MS = 200.0
SIZE = 128
ITERATIONS = 4450


def write(iterations):
    """Writes the model with that many matrix products."""
    nodes, initializers = onnx_graphs.busy_nodes("db_feature", "iterations", SIZE)
    initializers += [onnx_graphs.constant("iterations", iterations, np.int64), onnx_graphs.constant("hundred", 100.0)]
    nodes += [
        helper.make_node("Div", ["db_feature", "hundred"], ["quotient"]),
        helper.make_node("Add", ["quotient", "nothing"], ["prediction"]),
    ]
    inputs, outputs = [onnx_graphs.floats("db_feature", [1, 1])], [onnx_graphs.floats("prediction", [1, 1])]
    onnx_graphs.save(helper.make_graph(nodes, "tutorial", inputs, outputs, initializers), MODEL)


def calibrate():
    """The number of iterations that takes the target time here."""
    write(ITERATIONS)
    median_us, _, _ = onnx_runtime.time_us(MODEL, [[420.0]], runs=20)
    return round(ITERATIONS * TARGET_MS * 1000 / median_us)


def check():
    """The answers must equal the float32 division bit for bit."""
    rows = np.array([[420.0], [0.0], [-3.5], [1e-3], [123456.789], [3.4e38]], dtype=np.float32)
    answers = onnx_runtime.predict(MODEL, rows, rows_per_run=1)
    if not np.array_equal(answers, rows / np.float32(100)):
        raise SystemExit(f"Not the quotient by 100: {answers.ravel()}")


if __name__ == "__main__":
    count = calibrate() if "--calibrate" in sys.argv[1:] else ITERATIONS
    write(count)
    check()
    median, high, least = onnx_runtime.time_us(MODEL, [[420.0]], runs=30)
    print(f"{count} iterations: {median / 1000:.0f} ms per run (99th percentile {high / 1000:.0f}, least {least / 1000:.0f})")
    print(f"ends {onnx_runtime.terminate_ms(MODEL, [420.0], 50):.1f} ms after RunOptions.Terminate")

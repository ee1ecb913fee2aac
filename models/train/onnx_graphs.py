"""What every exported model has in common, and the graph that computes for a chosen time."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

# The newest versions that the packaged onnx 1.12 can check; ONNX Runtime 1.31 knows them all.
OPSET = 17
ML_OPSET = 3
IR_VERSION = 8


def save(graph, path):
    """Checks the graph and writes it as a model of this project."""
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", ML_OPSET)]
    model = helper.make_model(graph, producer_name="OrleansInference", opset_imports=opsets, ir_version=IR_VERSION)
    onnx.checker.check_model(model, full_check=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(model.SerializeToString())
    print(f"{path.name} of {path.parent.parent.name}/{path.parent.name}: {path.stat().st_size:,} bytes")


def tensor(name, datatype, shape):
    """Declares an input or output; a dimension with a name is dynamic."""
    return helper.make_tensor_value_info(name, datatype, shape)


def floats(name, shape):
    """Declares a float32 input or output."""
    return tensor(name, TensorProto.FLOAT, shape)


def constant(name, value, dtype=np.float32):
    """An initializer."""
    return numpy_helper.from_array(np.asarray(value, dtype=dtype), name)


def busy_nodes(source, trip_count, size):
    """Nodes that multiply size x size matrices trip_count times, and end in `nothing`, which is always exactly 0.

    Nothing of it can be computed ahead: the matrices come from `source`, an input of shape [1,1]. Nothing can be
    left out: no optimizer knows that the smaller of zero and the largest magnitude is zero. X := tanh(X W) stays
    within -1..1, and W is drawn wide enough (1.5 / sqrt(size) standard deviation) that X neither dies out into
    denormal numbers, which would be slow, nor settles. tanh of the source keeps any input, even infinity, harmless.
    """
    cells = size * size
    initializers = [
        constant("zero", 0.0), constant("half", 0.5), constant("tenth", 0.1),
        constant("frequency", 12.9898), constant("amplitude", 43758.547),
        constant("spread", 1.5 * np.sqrt(12.0 / size)),
        constant("first", 0, np.int64), constant("cells", cells, np.int64), constant("step", 1, np.int64),
        constant("square", [size, size], np.int64), constant("go_on", True, bool),
    ]
    nodes = [
        helper.make_node("Mul", [source, "tenth"], ["small"]),
        helper.make_node("Tanh", ["small"], ["bounded"]),
        # The shader writers' noise: the fraction of a large sine. A plain sine of i * n + j would have rank two.
        helper.make_node("Range", ["first", "cells", "step"], ["counting"]),
        helper.make_node("Cast", ["counting"], ["numbers"], to=TensorProto.FLOAT),
        helper.make_node("Add", ["numbers", "bounded"], ["shifted"]),
        helper.make_node("Mul", ["shifted", "frequency"], ["angles"]),
        helper.make_node("Sin", ["angles"], ["sines"]),
        helper.make_node("Mul", ["sines", "amplitude"], ["large"]),
        helper.make_node("Floor", ["large"], ["whole"]),
        helper.make_node("Sub", ["large", "whole"], ["fraction"]),
        helper.make_node("Sub", ["fraction", "half"], ["centred"]),
        helper.make_node("Reshape", ["centred", "square"], ["x_start"]),
        helper.make_node("Mul", ["x_start", "spread"], ["w"]),
        helper.make_node("Loop", [trip_count, "go_on", "x_start"], ["x_end"], body=_loop_body(size)),
        helper.make_node("Abs", ["x_end"], ["magnitudes"]),
        helper.make_node("ReduceMax", ["magnitudes"], ["largest"], keepdims=0),
        helper.make_node("Min", ["largest", "zero"], ["nothing"]),
    ]
    return nodes, initializers


def busy_chain(source, products, size):
    """The nodes of `busy_nodes` with as many products one after another in the place of the loop: a graph of many nodes."""
    nodes, initializers = busy_nodes(source, "", size)
    names = ["x_start", *(f"x{i}" for i in range(1, products)), "x_end"]
    chain = []
    for i, (before, after) in enumerate(zip(names, names[1:])):
        chain += [helper.make_node("MatMul", [before, "w"], [f"p{i}"]), helper.make_node("Tanh", [f"p{i}"], [after])]
    loop = next(i for i, node in enumerate(nodes) if node.op_type == "Loop")
    used = [initializer for initializer in initializers if initializer.name != "go_on"]
    return [*nodes[:loop], *chain, *nodes[loop + 1:]], used


def _loop_body(size):
    """X := tanh(X W), with W from the graph around."""
    nodes = [
        helper.make_node("Identity", ["body_go_on"], ["body_still"]),
        helper.make_node("MatMul", ["body_x", "w"], ["body_product"]),
        helper.make_node("Tanh", ["body_product"], ["body_next"]),
    ]
    inputs = [
        helper.make_tensor_value_info("body_i", TensorProto.INT64, []),
        helper.make_tensor_value_info("body_go_on", TensorProto.BOOL, []),
        floats("body_x", [size, size]),
    ]
    outputs = [helper.make_tensor_value_info("body_still", TensorProto.BOOL, []), floats("body_next", [size, size])]
    return helper.make_graph(nodes, "body", inputs, outputs)

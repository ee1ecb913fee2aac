"""Columns that version 2 derives from the fifteen features, inside the model: sums, differences and ratios.

A tree splits on one column at a time, and so finds a ratio such as "this amount against this user's usual amount"
only by many splits. One table defines the columns for numpy (training) and for ONNX (serving). Both compute the same
float32 operations in the same order, so the trees see equal bits in both.
"""

import numpy as np
from onnx import helper

import features
from onnx_graphs import constant

# A quotient's denominator is at least one: counts are whole, and hardly anyone's mean amount is smaller.
ONE = np.float32(1.0)

# Stage by stage: each column applies the stage's operation to two columns that exist by then.
STAGES = [
    ("product", {
        f"user_sum_{d}d": (f"user_count_{d}d", f"user_mean_{d}d") for d in features.WINDOW_DAYS
    }),
    ("whole product", {
        f"terminal_frauds_{d}d": (f"terminal_count_{d}d", f"terminal_risk_{d}d") for d in features.WINDOW_DAYS
    }),
    ("difference", {
        # The user's other transactions in the window, and those before the last week: the usual, without the suspect.
        **{f"others_sum_{d}d": (f"user_sum_{d}d", "amount") for d in features.WINDOW_DAYS},
        "older_sum": ("user_sum_30d", "user_sum_7d"),
        "older_count": ("user_count_30d", "user_count_7d"),
        # A terminal turns bad, and good again, from one day to the next: old frauds, and honest sales of late, tell.
        "older_frauds": ("terminal_frauds_30d", "terminal_frauds_7d"),
        "honest_7d": ("terminal_count_7d", "terminal_frauds_7d"),
    }),
    ("mean of others", {
        f"others_mean_{d}d": (f"others_sum_{d}d", f"user_count_{d}d") for d in features.WINDOW_DAYS
    }),
    ("quotient", {"older_mean": ("older_sum", "older_count")}),
    ("quotient", {
        "amount_to_others_30d": ("amount", "others_mean_30d"),
        "others_7d_to_older": ("others_mean_7d", "older_mean"),
        "others_1d_to_older": ("others_mean_1d", "older_mean"),
    }),
]

# What the trees see besides the fifteen features; the other columns above are steps on the way.
USED = [
    "amount_to_others_30d", "others_7d_to_older", "others_1d_to_older",
    "terminal_frauds_1d", "terminal_frauds_7d", "older_frauds", "honest_7d",
]

# What happens to the right column first, then to both, then to the result. "Sub" takes this transaction off a count,
# "Max" is the floor, and "Round" undoes the rounding of a share, so that 3 frauds are 3 and not 2.9999998.
OPERATIONS = {
    "product": ((), "Mul", ()),
    "whole product": ((), "Mul", ("Round",)),
    "difference": ((), "Sub", ()),
    "quotient": (("Max",), "Div", ()),
    "mean of others": (("Sub", "Max"), "Div", ()),
}
_NUMPY = {"Mul": np.multiply, "Sub": np.subtract, "Div": np.divide, "Max": np.maximum, "Round": np.rint}


def columns():
    """Names of what the trees see, in order."""
    return list(features.NAMES) + USED


def derive(rows):
    """float32 [n, 15] -> float32 [n, len(columns())]."""
    names = list(features.NAMES)
    for operation, stage in STAGES:
        left, right = (rows[:, index] for index in _operands(names, stage))
        prepare, combine, finish = OPERATIONS[operation]
        for step in prepare:
            right = _NUMPY[step](right, ONE)
        result = _NUMPY[combine](left, right)
        for step in finish:
            result = _NUMPY[step](result)
        rows = np.concatenate([rows, result], axis=1)
        names += stage
    return rows[:, [names.index(name) for name in columns()]]


def onnx_nodes(source, target):
    """The same as nodes and initializers: few operations on blocks of columns, since each node costs a microsecond."""
    graph = _Graph(source)
    names = list(features.NAMES)
    for operation, stage in STAGES:
        left, right = (graph.gather(index) for index in _operands(names, stage))
        prepare, combine, finish = OPERATIONS[operation]
        for step in prepare:
            right = graph.add(step, right, "one")
        result = graph.add(combine, left, right)
        for step in finish:
            result = graph.add(step, result)
        graph.current = graph.add("Concat", graph.current, result, axis=1)
        names += stage
    graph.gather([names.index(name) for name in columns()], target)
    return graph.nodes, graph.initializers


class _Graph:
    """Collects nodes and names what lies between them."""

    def __init__(self, source):
        self.current, self.nodes, self.initializers = source, [], [constant("one", ONE)]

    def add(self, operator, *inputs, output=None, **attributes):
        """Appends a node and returns the name of its output."""
        output = output or f"{operator.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [output], **attributes))
        return output

    def gather(self, index, output=None):
        """Picks columns of what there is so far."""
        name = f"columns_{len(self.nodes)}"
        self.initializers.append(constant(name, index, np.int64))
        return self.add("Gather", self.current, name, output=output, axis=1)


def _operands(names, stage):
    """Positions of the left and of the right operands of a stage."""
    return tuple([names.index(pair[side]) for pair in stage.values()] for side in (0, 1))

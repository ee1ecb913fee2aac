"""Gradient-boosted trees of scikit-learn as an ONNX tree ensemble, without a converter (Debian packages none)."""

import numpy as np
from onnx import helper

# Nodes of one ensemble, as the columns of the ai.onnx.ml attributes.
COLUMNS = ("treeids", "nodeids", "featureids", "modes", "values", "truenodeids", "falsenodeids")


def ensemble_node(model, source, target):
    """A TreeEnsembleRegressor that gives the raw score (log odds) of a fitted HistGradientBoostingClassifier."""
    nodes = {name: [] for name in COLUMNS}
    leaves = {name: [] for name in ("treeids", "nodeids", "ids", "weights")}
    for tree_id, (predictor,) in enumerate(model._predictors):
        _add_tree(tree_id, predictor.nodes, nodes, leaves)
    return helper.make_node(
        "TreeEnsembleRegressor", [source], [target], domain="ai.onnx.ml",
        n_targets=1, aggregate_function="SUM", post_transform="NONE",
        base_values=[float(model._baseline_prediction.item())],
        **{f"nodes_{name}": values for name, values in nodes.items()},
        **{f"target_{name}": values for name, values in leaves.items()},
    )


def _add_tree(tree_id, tree, nodes, leaves):
    """Appends one tree; its array positions become the node ids."""
    is_leaf = tree["is_leaf"].astype(bool)
    nodes["treeids"] += [tree_id] * len(tree)
    nodes["nodeids"] += range(len(tree))
    nodes["featureids"] += np.where(is_leaf, 0, tree["feature_idx"]).tolist()
    nodes["modes"] += ["LEAF" if leaf else "BRANCH_LEQ" for leaf in is_leaf]
    nodes["values"] += np.where(is_leaf, 0.0, _round_down(tree["num_threshold"])).tolist()
    nodes["truenodeids"] += np.where(is_leaf, 0, tree["left"]).tolist()
    nodes["falsenodeids"] += np.where(is_leaf, 0, tree["right"]).tolist()
    leaves["treeids"] += [tree_id] * int(is_leaf.sum())
    leaves["nodeids"] += np.flatnonzero(is_leaf).tolist()
    leaves["ids"] += [0] * int(is_leaf.sum())
    leaves["weights"] += tree["value"][is_leaf].tolist()


def _round_down(thresholds):
    """The greatest float32 values not above the thresholds.

    scikit-learn compares doubles, ONNX Runtime floats. For a feature that is a float32, x <= threshold holds exactly
    when x <= the greatest float32 that is not above the threshold.
    """
    nearest = thresholds.astype(np.float32)
    above = nearest.astype(np.float64) > thresholds
    return np.where(above, np.nextafter(nearest, np.float32(-np.inf)), nearest)

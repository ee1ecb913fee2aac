#!/usr/bin/env python3
"""Trains both versions of the fraud model on simulated transactions and writes them as ONNX.

    train_fraud.py
Version 1 is a logistic regression, version 2 boosted trees; both take the fifteen raw features. Compares ONNX
Runtime's answers with scikit-learn's, then writes metrics.json and METRICS.md. Everything is seeded.
"""

import json
import time

import numpy as np
from onnx import helper
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.preprocessing import StandardScaler

import derived
import features
import onnx_graphs
import onnx_runtime
import report
import simulation
import trees

TRAINING_SEEDS = range(1, 13)
# The constants below were chosen on the weeks of these simulations, which no model is trained on.
CHOOSING_SEEDS = (101, 102)
# Honest transactions are plenty: this share of them is kept and weighs its inverse, so probabilities stay calibrated.
HONEST_SHARE = 0.08
BOOSTING = {
    "learning_rate": 0.05, "max_iter": 150, "max_leaf_nodes": 16, "min_samples_leaf": 100, "l2_regularization": 1.0,
    "early_stopping": False, "random_state": 0,
}
LARGEST_DIFFERENCE = 1e-5


def main():
    """The steps in order."""
    rows, fraud, weight = load_training()
    regression = fit_regression(rows, fraud, weight)
    boosting = fit_boosting(rows, fraud, weight)
    print_choosing_scores(regression, boosting)
    export_regression(regression)
    export_boosting(boosting)
    differences = compare(regression, boosting)
    write_metrics(differences)


def load_training():
    """All test weeks of the training simulations under the book's protocol, honest transactions thinned out."""
    parts = []
    for seed in TRAINING_SEEDS:
        rows, fraud = simulation.select(simulation.load(seed))
        kept = (fraud == 1) | (np.random.default_rng(seed).random(len(fraud)) < HONEST_SHARE)
        parts.append((rows[kept], fraud[kept]))
    rows, fraud = (np.concatenate(column) for column in zip(*parts))
    print(f"training on {len(rows):,} transactions, {fraud.sum():,} of them frauds")
    return rows, fraud, np.where(fraud == 1, 1.0, 1.0 / HONEST_SHARE)


def fit_regression(rows, fraud, weight):
    """(scaler, logistic regression): scaled for the solver's sake only."""
    scaler = StandardScaler().fit(rows, sample_weight=weight)
    model = LogisticRegression(max_iter=1000).fit(scaler.transform(rows), fraud, sample_weight=weight)
    return scaler, model


def fit_boosting(rows, fraud, weight):
    """Boosted trees on the raw and the derived columns."""
    started = time.monotonic()
    model = HistGradientBoostingClassifier(**BOOSTING).fit(derived.derive(rows), fraud, sample_weight=weight)
    print(f"boosting took {time.monotonic() - started:.0f} s")
    return model


def predict_regression(regression, rows):
    """scikit-learn's own answers of version 1."""
    scaler, model = regression
    return model.predict_proba(scaler.transform(rows.astype(np.float64)))


def predict_boosting(boosting, rows):
    """scikit-learn's own answers of version 2."""
    return boosting.predict_proba(derived.derive(rows))


def print_choosing_scores(regression, boosting):
    """What a change of the constants above is judged by."""
    for seed in CHOOSING_SEEDS:
        rows, fraud = simulation.select(simulation.load(seed))
        for name, answers in (("1", predict_regression(regression, rows)), ("2", predict_boosting(boosting, rows))):
            auc, ap = roc_auc_score(fraud, answers[:, 1]), average_precision_score(fraud, answers[:, 1])
            print(f"held-out simulation {seed}, version {name}: AUC {auc:.4f}, AP {ap:.4f}")


def export_regression(regression):
    """Softmax over (0, score) is the logistic function of the score; the scaling lies in the weights."""
    scaler, model = regression
    weights = model.coef_[0] / scaler.scale_
    bias = model.intercept_[0] - scaler.mean_ @ weights
    initializers = [
        onnx_graphs.constant("weights", np.column_stack([np.zeros_like(weights), weights])),
        onnx_graphs.constant("bias", [0.0, bias]),
    ]
    nodes = [
        helper.make_node("Gemm", ["features", "weights", "bias"], ["scores"]),
        helper.make_node("Softmax", ["scores"], ["probability"], axis=1),
    ]
    _save("1", nodes, initializers)


def export_boosting(boosting):
    """The derived columns, the trees, and the logistic function of their sum."""
    nodes, initializers = derived.onnx_nodes("features", "columns")
    nodes += [
        trees.ensemble_node(boosting, "columns", "score"),
        helper.make_node("Sigmoid", ["score"], ["fraud"]),
        helper.make_node("Sub", ["one", "fraud"], ["honest"]),
        helper.make_node("Concat", ["honest", "fraud"], ["probability"], axis=1),
    ]
    _save("2", nodes, initializers)


def _save(version, nodes, initializers):
    """Writes a version of the fraud model."""
    inputs = [onnx_graphs.floats("features", ["N", len(features.NAMES)])]
    outputs = [onnx_graphs.floats("probability", ["N", 2])]
    graph = helper.make_graph(nodes, "fraud", inputs, outputs, initializers)
    onnx_graphs.save(graph, report.model_path(version))


def compare(regression, boosting):
    """The largest differences between ONNX Runtime's and scikit-learn's answers; too large a one ends the script."""
    rows = _rows_to_compare(boosting)
    differences = {}
    for version, answers in (("1", predict_regression(regression, rows)), ("2", predict_boosting(boosting, rows))):
        served = onnx_runtime.predict(report.model_path(version), rows)
        differences[version] = float(np.abs(served - answers).max())
        print(f"version {version}: largest difference from scikit-learn on {len(rows):,} rows {differences[version]:.2e}")
        if not differences[version] <= LARGEST_DIFFERENCE:
            raise SystemExit(f"The answers of version {version} differ by more than {LARGEST_DIFFERENCE}.")
    return differences


def _rows_to_compare(boosting):
    """Simulated rows, random rows, and rows that lie exactly on a threshold of the trees or one bit beside it."""
    random = np.random.default_rng(0)
    simulated, _ = simulation.select(simulation.load(report.TEST_SEED), [simulation.TEST_WEEK])
    simulated = simulated[random.permutation(len(simulated))[:20_000]]
    shuffled = np.column_stack([random.permutation(column) for column in simulated.T])
    on_threshold = simulated.copy()
    splits = np.concatenate([tree.nodes[~tree.nodes["is_leaf"].astype(bool)] for (tree,) in boosting._predictors])
    splits = splits[splits["feature_idx"] < len(features.NAMES)]
    chosen = splits[random.integers(len(splits), size=len(simulated))]
    nearest = chosen["num_threshold"].astype(np.float32)
    beside = np.nextafter(nearest, np.float32(np.inf) * random.choice(np.float32([-1, 1]), size=len(nearest)))
    on_threshold[np.arange(len(simulated)), chosen["feature_idx"]] = np.where(random.random(len(nearest)) < 0.5, nearest, beside)
    return np.concatenate([simulated, shuffled, on_threshold]).astype(np.float32)


def measure_times():
    """{version: {rows per run: microseconds}}, medians on one thread."""
    rows, _ = simulation.select(simulation.load(report.TEST_SEED), [simulation.TEST_WEEK])
    rows = rows[np.random.default_rng(0).permutation(len(rows))[:4096]]
    models = {version: report.model_path(version) for version in report.VERSIONS}
    return {version: {n: onnx_runtime.time_us(model, rows, n, 20_000 // n)[0] for n in (1, 32)} for version, model in models.items()}


def write_metrics(differences):
    """metrics.json for programs, METRICS.md for people."""
    results, times = report.evaluate(), measure_times()
    sizes = {version: report.model_path(version).stat().st_size for version in report.VERSIONS}
    metrics = {"results": results, "largest_difference": differences, "microseconds_per_run": times, "bytes": sizes}
    (onnx_runtime.HERE / "metrics.json").write_text(json.dumps(metrics, indent=2) + "\n")
    text = "\n".join([
        "# The fraud models, measured", "",
        "Written by train_fraud.py; report.py prints the first tables again.", "",
        report.as_markdown(results),
        "| version | bytes | µs per run of 1 row | of 32 rows | largest difference from scikit-learn |",
        "| --- | --- | --- | --- | --- |",
        *(f"| {v} | {sizes[v]:,} | {times[v][1]:.1f} | {times[v][32]:.1f} | {differences[v]:.1e} |" for v in report.VERSIONS), "",
        "Times are medians in ONNX Runtime on one thread, the call from C# included.", "",
    ])
    (onnx_runtime.HERE / "METRICS.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Area under the ROC curve (AUC) and average precision (AP) of the shipped fraud models, through ONNX Runtime.

    report.py
Scores a test week of our own simulation and, when FRAUD_HANDBOOK_DIR names the folder with the published test week
(test.csv.gz), that week beside the published results.
"""

import os
from pathlib import Path

import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score

import onnx_runtime
import simulation

# Simulated for this report only: nothing was trained or chosen on it.
TEST_SEED = 201
VERSIONS = {"1": "version 1, logistic regression", "2": "version 2, boosted trees"}


def _scores(auc, average_precision):
    """The two figures, named."""
    return {"auc": round(float(auc), 6), "average_precision": round(float(average_precision), 6)}


PUBLISHED = {
    "published logistic regression": _scores(0.871, 0.606),
    "published random forest": _scores(0.867, 0.658),
    "published XGBoost": _scores(0.862, 0.639),
    "published decision tree, depth 2": _scores(0.763, 0.496),
}
WITHOUT_HANDBOOK = (
    "The published test week is skipped: set FRAUD_HANDBOOK_DIR to the folder with its test.csv.gz (see README.md here). "
    'The data are public: Hugging Face, data set "Fraud-Detection-Handbook/simulated-data-transformed".'
)


def model_path(version):
    """Where a version of the fraud model lies in the model repository."""
    return onnx_runtime.REPOSITORY / "models" / "fraud" / version / "model.onnx"


def load_published(folder):
    """Features and labels of the published test week."""
    columns = np.loadtxt(Path(folder) / "test.csv.gz", delimiter=",", skiprows=1)
    return columns[:, 5:20].astype(np.float32), columns[:, 4].astype(np.int8)


def score(rows, fraud):
    """Both figures per version, of float32 answers as a client gets them."""
    answers = {version: onnx_runtime.predict(model_path(version), rows)[:, 1] for version in VERSIONS}
    return {version: _scores(roc_auc_score(fraud, p), average_precision_score(fraud, p)) for version, p in answers.items()}


def evaluate():
    """Everything that the report shows, by the data that it was measured on."""
    own = simulation.load(TEST_SEED)
    results = {
        "simulated test week": _describe(*simulation.select(own, [simulation.TEST_WEEK])),
        f"all {len(simulation.WEEKS)} weeks of that simulation": _describe(*simulation.select(own)),
    }
    folder = os.environ.get("FRAUD_HANDBOOK_DIR")
    if folder:
        results["published test week"] = _describe(*load_published(folder)) | {"published": PUBLISHED}
    return results


def _describe(rows, fraud):
    """The scores with what they were measured on."""
    return {"rows": len(rows), "frauds": int(fraud.sum()), "scores": score(rows, fraud)}


def as_markdown(results):
    """The report as one Markdown table per set of data."""
    lines = []
    for data, result in results.items():
        scores = {VERSIONS[version]: figures for version, figures in result["scores"].items()} | result.get("published", {})
        lines += [f"{data.capitalize()} ({result['rows']:,} rows, {result['frauds']:,} frauds):", ""]
        lines += ["| model | AUC ROC | average precision |", "| --- | --- | --- |"]
        lines += [f"| {name} | {of['auc']:.3f} | {of['average_precision']:.3f} |" for name, of in scores.items()] + [""]
    if "published test week" not in results:
        lines += [WITHOUT_HANDBOOK, ""]
    return "\n".join(lines)


if __name__ == "__main__":
    print(as_markdown(evaluate()))

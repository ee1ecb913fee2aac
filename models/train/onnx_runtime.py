"""The ONNX Runtime that serves the models, reached through the small C# program in check/.

Debian packages no Python binding of ONNX Runtime; this way the scripts also ask the very version that serves.
"""

import functools
import subprocess
import tempfile
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
ARTIFACTS = REPOSITORY / "artifacts" / "train"


@functools.lru_cache(maxsize=None)
def _program():
    """Builds the checker once per process and returns its path."""
    project = HERE / "check"
    command = ["dotnet", "build", str(project), "-c", "Release", "--nologo", "-v", "quiet"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"The checker does not build:\n{done.stdout}{done.stderr}")
    return project / "bin" / "Release" / "net10.0" / "ModelCheck.dll"


def _check(*arguments):
    """Runs the checker and returns what it printed."""
    done = subprocess.run(["dotnet", str(_program()), *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"The checker failed on {arguments[:2]}:\n{done.stdout}{done.stderr}")
    return done.stdout


def _write_csv(path, rows):
    """Writes float32 rows so that every bit survives (nine significant digits)."""
    rows = np.atleast_2d(np.asarray(rows, dtype=np.float32))
    names = ",".join(f"c{i}" for i in range(rows.shape[1]))
    np.savetxt(path, rows, fmt="%.9g", delimiter=",", header=names, comments="")


def predict(model, rows, rows_per_run=1024):
    """The model's outputs side by side, one line per row."""
    with tempfile.TemporaryDirectory() as folder:
        _write_csv(f"{folder}/in.csv", rows)
        _check("predict", model, f"{folder}/in.csv", f"{folder}/out.csv", rows_per_run)
        return np.loadtxt(f"{folder}/out.csv", delimiter=",", skiprows=1, ndmin=2, dtype=np.float32)


def describe(model):
    """The inputs and outputs that ONNX Runtime reads from the model, such as `input x Float [-1,4]`."""
    return _check("describe", model).splitlines()


def time_us(model, rows, rows_per_run=1, runs=1000):
    """Microseconds per run on one thread: (median, 99th percentile, least)."""
    with tempfile.TemporaryDirectory() as folder:
        _write_csv(f"{folder}/in.csv", rows)
        return tuple(map(float, _check("time", model, f"{folder}/in.csv", rows_per_run, runs).split()))


def terminate_ms(model, row, after_ms):
    """Milliseconds from RunOptions.Terminate to the end of the run."""
    with tempfile.TemporaryDirectory() as folder:
        _write_csv(f"{folder}/in.csv", [row])
        return float(_check("terminate", model, f"{folder}/in.csv", after_ms))

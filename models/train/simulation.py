"""Simulated transactions of the project's own simulator (samples/FraudDemo), and the book's protocol on them."""

import subprocess

import numpy as np

import features
from onnx_runtime import ARTIFACTS, REPOSITORY

USERS, TERMINALS, DAYS = 5000, 10000, 183
START = "2018-04-01"
# The week that the book tests on, 2018-08-08 to 14, in days from the start.
TEST_WEEK = 129
# The first test week whose delayed 30-day windows lie wholly within the simulation.
FIRST_WEEK = 45
WEEKS = range(FIRST_WEEK, DAYS - 6, 7)


def load(seed):
    """One simulation as a dict of columns: features [rows, 15], fraud, user, day. Kept in artifacts/train."""
    cache = ARTIFACTS / f"simulation-{seed}.npz"
    if not cache.exists():
        np.savez(cache, **_read(_simulate(seed)))
    with np.load(cache) as columns:
        return dict(columns)


def _simulate(seed):
    """Runs the simulator."""
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    path = ARTIFACTS / f"simulation-{seed}.csv"
    size = ["--users", USERS, "--terminals", TERMINALS, "--days", DAYS, "--start", START, "--seed", seed]
    command = ["dotnet", "run", "--project", REPOSITORY / "samples" / "FraudDemo", "-c", "Release", "--", "simulate", "--out", path]
    subprocess.run([str(part) for part in command + size], check=True, stdout=subprocess.DEVNULL)
    return path


def _read(path):
    """Reads the simulator's file, makes the features, and drops the file."""
    seconds, user, terminal, amount, fraud = np.loadtxt(path, delimiter=",", skiprows=1, usecols=(1, 2, 3, 4, 5)).T
    seconds, user, terminal = (column.astype(np.int64) for column in (seconds, user, terminal))
    if (np.diff(seconds) < 0).any():
        raise SystemExit(f"{path} is not in order of time.")
    path.unlink()
    start = int(np.datetime64(START, "s").astype(np.int64))
    return {
        "features": features.build(seconds, user, terminal, amount, fraud),
        "fraud": fraud.astype(np.int8),
        "user": user.astype(np.int32),
        "day": ((seconds - start) // features.DAY).astype(np.int16),
    }


def test_week(simulation, first_day):
    """Rows that the book would test on in the week from `first_day`.

    A model of that week was trained on the seven days that end a week before it (the delay of the labels). Users with
    a fraud in those days, or since then until eight days before the transaction, are known as compromised and left out.
    """
    day, user, fraud = simulation["day"], simulation["user"], simulation["fraud"]
    rows = []
    for today in range(first_day, first_day + 7):
        told = (day >= first_day - 14) & (day <= today - 8) & (fraud == 1)
        known = np.zeros(USERS, dtype=bool)
        known[user[told]] = True
        of_today = np.flatnonzero(day == today)
        rows.append(of_today[~known[user[of_today]]])
    return np.concatenate(rows)


def select(simulation, weeks=WEEKS):
    """Features and labels of the test weeks that begin on the days `weeks`."""
    rows = np.concatenate([test_week(simulation, week) for week in weeks])
    return simulation["features"][rows], simulation["fraud"][rows]

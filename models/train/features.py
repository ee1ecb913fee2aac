#!/usr/bin/env python3
"""The fifteen features of the fraud models, from raw transactions.

Window features of the user cover (t - w, t], the transaction itself included; equal times count in order of arrival.
Those of the terminal cover (d - 7d - w, d - 7d], d being the beginning of t's day: a fraud is known only a week after it
happened, and a terminal's answer holds for a day when it is served.
    features.py --check     compares with the published values in the folder FRAUD_HANDBOOK_DIR
"""

import os
import sys
from pathlib import Path

import numpy as np

DAY = 86_400
DELAY = 7 * DAY
WINDOW_DAYS = (1, 7, 30)

NAMES = (
    ["amount", "is_weekend", "is_night"]
    + [f"user_{what}_{days}d" for days in WINDOW_DAYS for what in ("count", "mean")]
    + [f"terminal_{what}_{days}d" for days in WINDOW_DAYS for what in ("count", "risk")]
)


def build(seconds, user, terminal, amount, fraud):
    """All features of transactions that are in order of time, as float32 [rows, 15].

    Time and ids are whole numbers; seconds count from 1970 in UTC. float32 is what the model is given when it serves.
    """
    columns = [
        amount,
        is_weekend(seconds),
        is_night(seconds),
        *user_windows(user, seconds, amount),
        *terminal_windows(terminal, seconds, fraud),
    ]
    return np.column_stack(columns).astype(np.float32)


def is_weekend(seconds):
    """Saturday or Sunday; day 0 of the Unix epoch was a Thursday."""
    return (seconds // DAY + 3) % 7 >= 5


def is_night(seconds):
    """The book's night: hours 0 to 6."""
    return seconds % DAY // 3600 <= 6


def user_windows(user, seconds, amount):
    """Number and mean amount of the user's transactions for each window, which ends with the transaction itself."""
    order, clock, ends = _in_order(user, seconds, seconds)
    # Those that arrive later at the same second are not seen.
    return _columns(order, amount, clock, np.arange(1, len(clock) + 1), ends)


def terminal_windows(terminal, seconds, fraud):
    """Number of the terminal's transactions and the share of frauds for each window, which ends a week before the day."""
    order, clock, ends = _in_order(terminal, seconds, seconds // DAY * DAY - DELAY)
    return _columns(order, fraud, clock, np.searchsorted(clock, ends, side="right"), ends)


def _in_order(key, seconds, ends):
    """Order by key and time, the transactions' times in it, and the times at which their windows end."""
    order = np.argsort(key, kind="stable")
    clock = _clock(key, seconds)
    return order, clock[order], (clock + ends - seconds)[order]


def _columns(order, value, clock, end, ends):
    """Count and mean of `value` for each window: from the first transaction after its beginning to before index `end`."""
    sums = np.concatenate([[0.0], np.cumsum(value[order], dtype=np.float64)])
    columns = []
    for days in WINDOW_DAYS:
        start = np.searchsorted(clock, ends - days * DAY, side="right")
        count = end - start
        mean = (sums[end] - sums[start]) / np.maximum(count, 1)
        columns += [_unsort(count, order), _unsort(mean, order)]
    return columns


def _clock(key, seconds):
    """One time line for all keys, one after the other and too far apart for a window to reach the previous one."""
    apart = np.ptp(seconds) + DELAY + (max(WINDOW_DAYS) + 2) * DAY
    return key * apart + (seconds - seconds.min())


def _unsort(sorted_values, order):
    """Back into the order of the transactions."""
    values = np.empty(len(order), dtype=np.float64)
    values[order] = sorted_values
    return values


def check(folder):
    """Compares with the published values; the files there hold rounded means (six decimals)."""
    columns = np.loadtxt(folder / "user_windows.csv.gz", delimiter=",", skiprows=1)
    start = 1_522_540_800  # 2018-04-01, from which the published seconds count
    seconds, user, amount = columns[:, 1].astype(np.int64) + start, columns[:, 2].astype(np.int64), columns[:, 4]
    ours = np.column_stack(user_windows(user, seconds, amount))
    difference = np.abs(ours - columns[:, 6:12]).max(axis=0)
    print(f"user windows, {len(ours):,} transactions: largest difference per column {difference}")
    assert difference.max() < 2e-6, "the user windows differ from the published ones"

    columns = np.loadtxt(folder / "test.csv.gz", delimiter=",", skiprows=1)
    seconds = columns[:, 1].astype(np.int64) + start
    assert np.array_equal(is_weekend(seconds), columns[:, 6]) and np.array_equal(is_night(seconds), columns[:, 7])
    print(f"weekend and night, {len(columns):,} transactions: equal")


def check_by_hand():
    """Terminal windows on a case small enough to count: the published terminal columns lack their transactions."""
    seconds = np.array([0, 0, 1, DAY, 8 * DAY, 8 * DAY + 1, 9 * DAY - 1]) + 1_522_540_800
    terminal = np.array([5, 5, 6, 5, 5, 6, 5])
    fraud = np.array([1, 0, 1, 1, 0, 0, 0])
    got = np.column_stack(terminal_windows(terminal, seconds, fraud))
    # At 8 d, one day's window is (0 d, 1 d]: it opens just after the two transactions at second 0, and ends with the one at 1 d.
    assert got[4].tolist() == [1, 1, 3, 2 / 3, 3, 2 / 3], got[4]
    assert got[5].tolist() == [1, 1, 1, 1, 1, 1], got[5]
    # The last second of the same day sees what its first did.
    assert got[6].tolist() == got[4].tolist(), got[6]
    assert not got[:4].any(), got[:4]
    print("terminal windows, by hand: equal")


if __name__ == "__main__":
    if sys.argv[1:] != ["--check"]:
        raise SystemExit(__doc__)
    check_by_hand()
    handbook = os.environ.get("FRAUD_HANDBOOK_DIR")
    if handbook:
        check(Path(handbook))
    else:
        print("FRAUD_HANDBOOK_DIR is not set: the comparison with the published values is skipped.")

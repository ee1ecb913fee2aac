#!/usr/bin/env python3
"""Makes models/fraud/terminal_category.csv: a merchant category for every terminal of the simulation.

The simulator knows no merchants. The file shows how a prediction looks something up; no model was trained on it.
"""

import numpy as np

import onnx_runtime
import simulation

PATH = onnx_runtime.REPOSITORY / "models" / "fraud" / "terminal_category.csv"
SEED = 2018
SHARES = {
    "grocery": 0.24, "restaurant": 0.18, "clothing": 0.13, "fuel": 0.12,
    "services": 0.11, "online": 0.10, "electronics": 0.07, "travel": 0.05,
}


def main():
    """Draws each terminal's category by the shares above."""
    drawn = np.random.default_rng(SEED).choice(list(SHARES), size=simulation.TERMINALS, p=list(SHARES.values()))
    lines = ["terminal_id,category", *(f"{terminal},{category}" for terminal, category in enumerate(drawn))]
    PATH.parent.mkdir(parents=True, exist_ok=True)
    PATH.write_text("\n".join(lines) + "\n")
    print(f"{PATH.name}: {len(drawn):,} terminals, {len(SHARES)} categories")


if __name__ == "__main__":
    main()

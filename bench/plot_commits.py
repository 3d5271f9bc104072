#!/usr/bin/env python3
"""Draws commit times and size by part of a simulated run of the store.

    LIMEN_SIMULATE=24h LIMEN_SIMULATE_OUT=sim.csv go test ./store -run TestSimulatedDay -timeout 30m -v
    python3 bench/plot_commits.py sim.csv bench/commits.svg
"""

import csv
import sys

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams["svg.hashsalt"] = "limen"  # the same figures give the same file
from matplotlib import pyplot


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with open(sys.argv[1], newline="") as file:
        rows = list(csv.DictReader(file))
    parts = [int(row["part"]) for row in rows]
    figure, (times, size) = pyplot.subplots(2, 1, sharex=True, figsize=(8, 5))
    for name in ("p50", "p99"):
        times.plot(parts, [int(row[f"commit_{name}_us"]) / 1000 for row in rows], marker=".", label=f"commit {name}")
    times.set_ylabel("ms")
    times.set_ylim(bottom=0)
    times.legend()
    size.plot(parts, [int(row["bytes"]) / 2**20 for row in rows], marker=".", label="size on disk")
    size.set_ylabel("MiB")
    size.set_ylim(bottom=0)
    size.set_xlabel("part of the simulated time (24 in all)")
    size.legend()
    figure.tight_layout()
    figure.savefig(sys.argv[2], metadata={"Date": None})


if __name__ == "__main__":
    main()

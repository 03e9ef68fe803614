"""The measurements as a picture: one bar a workload, the best peer at 1."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.measure import Measurement
from benchmarks.report import SUBJECT, best_peer, by_workload, relative
from benchmarks.table import heads


def draw(measurements: Sequence[Measurement], threads: int, path: Path) -> None:
    """Bars are Bitale's time over the best peer's, dots the other libraries'; the axis is logarithmic."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    groups = {
        workload: group
        for workload, group in by_workload(measurements, threads).items()
        if best_peer(group) is not None
    }
    figure, axes = pyplot.subplots(figsize=(9, 1 + 0.24 * max(len(groups), 6)), layout="constrained")
    times = [{one.column: time for one, time in relative(group)} for group in groups.values()]
    best = [min(time for one, time in relative(group) if one.column != SUBJECT) for group in groups.values()]
    names = [name for name in heads(one for group in groups.values() for one in group) if "/" not in name]
    for index, column in enumerate(names):
        points = [(found[column] / best[row], row) for row, found in enumerate(times) if column in found]
        if not points:
            continue
        ratios, rows = zip(*points)
        if column == SUBJECT:
            colours = ["tab:green" if value <= 1 else "tab:red" for value in ratios]
            axes.barh(rows, [value - 0.01 for value in ratios], left=0.01, color=colours, height=0.7, label=column)
        else:
            axes.plot(ratios, rows, ".", color=f"C{index}", label=column, markersize=5)
    axes.set_xscale("log")
    axes.set_xlim(0.1, 100)
    axes.axvline(1, color="black", linewidth=0.8)
    axes.set_yticks(range(len(groups)), list(groups), fontsize=7)
    axes.set_ylim(len(groups) - 0.4, -0.6)
    axes.set_xlabel("time of a call, best peer = 1 (shorter is faster)")
    axes.set_title(f"{threads} thread{'s' * (threads > 1)}")
    axes.legend(fontsize=7, loc="lower right")
    figure.savefig(path, dpi=120)
    pyplot.close(figure)

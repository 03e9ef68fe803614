"""The measurements as Markdown tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter

from benchmarks import large_graphs
from benchmarks.compile_time import FirstCall
from benchmarks.large_graphs import LargeGraph
from benchmarks.measure import Measurement

SUBJECT = "bitale"
MEDIAN, MINIMUM = attrgetter("median"), attrgetter("minimum")


def duration(seconds: float) -> str:
    """Three digits: a plain number is microseconds, `m` milliseconds, `s` seconds."""
    for limit, scale, unit in ((1e-3, 1e6, ""), (1.0, 1e3, "m")):
        if seconds < limit:
            return f"{three_digits(seconds * scale)}{unit}"
    return f"{three_digits(seconds)}s"


def three_digits(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def best_peer(results: Iterable[Measurement], by: Callable[[Measurement], float] = MEDIAN) -> Measurement | None:
    """The fastest right answer that is not Bitale's."""
    peers = [result for result in results if result.status == "ok" and result.column != SUBJECT]
    return min(peers, key=by, default=None)


def ratio(results: Sequence[Measurement], by: Callable[[Measurement], float] = MEDIAN) -> float | None:
    """Bitale's time over the best peer's: below 1, Bitale is faster."""
    mine = next((result for result in results if result.column == SUBJECT and result.status == "ok"), None)
    peer = best_peer(results, by)
    return by(mine) / by(peer) if mine is not None and peer is not None else None


def by_workload(measurements: Iterable[Measurement], threads: int) -> dict[str, list[Measurement]]:
    groups: dict[str, list[Measurement]] = {}
    for result in measurements:
        if result.threads == threads:
            groups.setdefault(result.workload, []).append(result)
    return groups


def cell(result: Measurement | None, best: Measurement | None) -> str:
    if result is None or result.status == "none":
        return "–"
    if result.status != "ok":
        return result.status
    text = f"{duration(result.median)} ({duration(result.minimum)})"
    return f"**{text}**" if result is best else text


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [heads, ["---"] * len(heads), *rows]
    return ["| " + " | ".join(line) + " |" for line in lines]


def steady_state(measurements: Sequence[Measurement], threads: int) -> list[str]:
    """One row a workload, one column a library; the best peer in bold, and Bitale's ratio to it."""
    groups = by_workload(measurements, threads)
    columns = list(dict.fromkeys(result.column for group in groups.values() for result in group))
    rows = []
    for workload, group in groups.items():
        best, found = best_peer(group), {result.column: result for result in group}
        cells = [cell(found.get(column), best) for column in columns]
        rows.append([workload, *cells, relation(group)])
    return table(["workload", *columns, f"{SUBJECT} / best peer"], rows)


def relation(group: Sequence[Measurement]) -> str:
    """The ratio of the medians, and that of the minima, which other programs on the machine disturb less."""
    medians, minima = ratio(group), ratio(group, MINIMUM)
    return "–" if medians is None else f"{medians:.2f} ({minima:.2f})"


def scaling(measurements: Sequence[Measurement]) -> list[str]:
    """How much faster Bitale is with more threads."""
    times: dict[str, dict[int, float]] = {}
    for result in measurements:
        if result.column == SUBJECT and result.status == "ok":
            times.setdefault(result.workload, {})[result.threads] = result.median
    counts = sorted({threads for found in times.values() for threads in found})
    rows = [
        [
            workload,
            *(duration(found[count]) for count in counts),
            f"{found[counts[0]] / found[counts[-1]]:.2f}",
        ]
        for workload, found in times.items()
        if len(found) == len(counts) > 1
    ]
    heads = ["workload", *(f"{count} thread{'s' * (count > 1)}" for count in counts), "speed-up"]
    return table(heads, rows) if rows else []


def first_calls(results: Sequence[FirstCall]) -> list[str]:
    """Cold → warm seconds, and megabytes, of every library."""
    columns = list(dict.fromkeys(result.column for result in results))
    found = {(result.workload, result.column): result for result in results}

    def rows(show: str) -> Iterable[list[str]]:
        for workload in dict.fromkeys(result.workload for result in results):
            yield [workload, *(first_cell(found[workload, column], show) for column in columns)]

    imports = [
        f"{column} {min(times):.2f}"
        for column in columns
        if (times := [r.imported for r in results if r.column == column and r.imported is not None])
    ]
    return [
        "### Build and first call, seconds: empty cache → filled cache (fresh processes)",
        "",
        *table(["workload", *columns], rows("time")),
        "",
        "Import of the library, NumPy being there already (s, best median): " + ", ".join(imports),
        "",
        "### Peak memory, MB: while building (filled cache) / of a call, above what the process held",
        "",
        *table(["workload", *columns], rows("memory")),
    ]


def first_cell(result: FirstCall, show: str) -> str:
    if result.cold is None:
        return "–" if "NoneType" in result.detail else "failed"
    if show == "time":
        return f"{result.cold:.2f} → {result.warm:.2f}"
    return f"{result.building_memory:.0f} / {result.call_memory:.0f}"


def large(results: Sequence[LargeGraph]) -> list[str]:
    """Seconds of each stage of Bitale's for graphs of thousands of nodes."""
    return [
        "### Bitale on large graphs: seconds of processor time from the expression to a library, empty cache",
        "",
        "The import is that of Bitale and NumPy. Growth is that of the time per node from graph to C text, over the "
        "smallest graph of the kind: 1 is linear.",
        "",
        *table(large_graphs.HEADS, large_graphs.rows(results)),
    ]


def remarks(measurements: Sequence[Measurement], calls: Sequence[FirstCall]) -> list[str]:
    """What was wrong or failed, in the libraries' own words."""
    lines = [
        f"- {one.workload}, {one.column}, {one.threads} thread(s), {one.status}: {first_line(one.detail)}"
        for one in measurements
        if one.status not in ("ok", "none")
    ]
    lines += [
        f"- first call of {call.workload}, {call.column}: {first_line(call.detail)}"
        for call in calls
        if call.detail and "NoneType" not in call.detail
    ]
    return ["### Wrong or failed", "", *lines] if lines else []


def first_line(detail: str) -> str:
    return detail.strip().split("\n")[0][:200]


def markdown(
    measurements: Sequence[Measurement],
    calls: Sequence[FirstCall],
    machine: dict[str, str],
    graphs: Sequence[LargeGraph] = (),
) -> str:
    """The whole report."""
    lines = [", ".join(f"{name} {value}" for name, value in machine.items()), ""]
    for threads in sorted({result.threads for result in measurements}):
        lines += [
            f"### Steady state, {threads} thread{'s' * (threads > 1)}: median (minimum) of a call",
            "",
            "Plain numbers are microseconds, m milliseconds; best peer in bold.",
            "",
            *steady_state(measurements, threads),
            "",
        ]
    if gains := scaling(measurements):
        lines += ["### Bitale with more threads", "", *gains, ""]
    if calls:
        lines += [*first_calls(calls), ""]
    if graphs:
        lines += [*large(graphs), ""]
    return "\n".join([*lines, *remarks(measurements, calls)]).rstrip() + "\n"

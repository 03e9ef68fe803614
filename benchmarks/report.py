"""The measurements as Markdown tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter

from benchmarks import large_graphs
from benchmarks.large_graphs import LargeGraph
from benchmarks.measure import Measurement
from benchmarks.record import Record
from benchmarks.report_first import faults, first_calls
from benchmarks.table import duration, heads, shown, table
from benchmarks.workloads import WORKLOADS

SUBJECT = "bitale"
MEDIAN, MINIMUM = attrgetter("median"), attrgetter("minimum")


def relative(
    results: Sequence[Measurement], by: Callable[[Measurement], float] = MEDIAN
) -> list[tuple[Measurement, float]]:
    """The right answers and their times, in units of Bitale's in the same run; in seconds where Bitale has none."""
    mine = {one.run: by(one) for one in results if one.column == SUBJECT and one.status == "ok"}
    right = [one for one in shown(results).values() if one.status == "ok"]
    return [(one, by(one) / mine.get(one.run, 1.0)) for one in right if not mine or one.run in mine]


def best_peer(results: Sequence[Measurement], by: Callable[[Measurement], float] = MEDIAN) -> Measurement | None:
    """The fastest right answer that is not Bitale's."""
    peers = [(time, one.column, one) for one, time in relative(results, by) if one.column != SUBJECT]
    return min(peers)[-1] if peers else None


def ratio(results: Sequence[Measurement], by: Callable[[Measurement], float] = MEDIAN) -> float | None:
    """Bitale's time over the best peer's: below 1, Bitale is faster."""
    times = relative(results, by)
    peers = [time for one, time in times if one.column != SUBJECT]
    return 1 / min(peers) if peers and len(peers) < len(times) else None


def by_workload(measurements: Iterable[Measurement], threads: int) -> dict[str, list[Measurement]]:
    """The measurements of every workload, in the order in which the workloads are listed."""
    groups: dict[str, list[Measurement]] = {name: [] for name in WORKLOADS}
    for result in measurements:
        if result.threads == threads:
            groups.setdefault(result.workload, []).append(result)
    return {workload: group for workload, group in groups.items() if group}


def cell(result: Measurement | None, best: Measurement | None) -> str:
    if result is None or result.status == "none":
        return "–"
    if result.status != "ok":
        return result.status + result.run
    text = f"{duration(result.median)} ({duration(result.minimum)}){result.run}"
    return f"**{text}**" if result is best else text


def steady_state(measurements: Sequence[Measurement], threads: int) -> list[str]:
    """One row a workload, one column a library; the best peer in bold, and Bitale's ratio to it."""
    groups = by_workload(measurements, threads)
    columns = heads(result for group in groups.values() for result in group)
    rows = []
    for workload, group in groups.items():
        best, found = best_peer(group), shown(group)
        cells = [cell(found.get(column), best) for column in columns]
        rows.append([workload, *cells, relation(group)])
    return table(["workload", *columns, f"{SUBJECT} / best peer"], rows)


def relation(group: Sequence[Measurement]) -> str:
    """The ratio of the medians, and that of the minima, which other programs on the machine disturb less."""
    medians, minima = ratio(group), ratio(group, MINIMUM)
    return "–" if medians is None else f"{medians:.2f} ({minima:.2f})"


def scaling(measurements: Sequence[Measurement]) -> list[str]:
    """How much faster Bitale is with more threads."""
    counts = sorted({result.threads for result in measurements})
    times: dict[str, dict[int, Measurement]] = {}
    for threads in counts:
        for workload, group in by_workload(measurements, threads).items():
            mine = (one for one in group if (one.column, one.run, one.status) == (SUBJECT, "", "ok"))
            times.setdefault(workload, {}).update({one.threads: one for one in mine})
    rows = [
        [workload, *(cell(found[count], None) for count in counts), speed_up(found[counts[0]], found[counts[-1]])]
        for workload, found in times.items()
        if len(found) == len(counts) > 1
    ]
    titles = ["workload", *(plural(count) for count in counts), "speed-up"]
    return table(titles, rows) if rows else []


def speed_up(before: Measurement, after: Measurement) -> str:
    return f"{before.median / after.median:.2f} ({before.minimum / after.minimum:.2f})"


def plural(threads: int) -> str:
    return f"{threads} thread{'s' * (threads > 1)}"


def preparing(measurements: Sequence[Measurement]) -> list[str]:
    """What each column's building and checking took in all, which is most of the time of a run."""
    spent: dict[tuple[str, int], float] = {}
    for one in measurements:
        if not one.run:
            spent[one.column, one.threads] = spent.get((one.column, one.threads), 0.0) + one.preparing
    counts = sorted({threads for _, threads in spent})
    names = dict.fromkeys(column for column, _ in spent)
    rows = [[name, *(f"{spent.get((name, count), 0):.0f}" for count in counts)] for name in names]
    return table(["column", *map(plural, counts)], rows) if rows else []


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


def notes(measurements: Sequence[Measurement]) -> list[str]:
    """How some workloads are to be read."""
    names = dict.fromkeys(one.workload for one in measurements if one.workload in WORKLOADS)
    return [f"- {name}: {WORKLOADS[name].note}" for name in names if WORKLOADS[name].note]


def wrong(measurements: Sequence[Measurement]) -> list[str]:
    """What was wrong, failed or was not tried, in the libraries' own words."""
    return [
        f"- {one.workload}, {one.column}{one.run}, {plural(one.threads)}, {one.status}: {first_line(one.detail)}"
        for one in measurements
        if one.status not in ("ok", "none")
    ]


def first_line(detail: str) -> str:
    return detail.strip().split("\n")[0][:200]


def facts(machine: dict[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in machine.items())


def section(title: str, lines: Sequence[str]) -> list[str]:
    return [f"### {title}", "", *lines, ""] if lines else []


def markdown(record: Record) -> str:
    """The whole report."""
    measurements = record.steady
    lines = [facts(record.machine), ""]
    for mark, machine in record.others.items():
        lines += [f"{mark} another run, compared with Bitale's times in that run: {facts(machine)}", ""]
    for threads in sorted({result.threads for result in measurements}):
        lines += [
            f"### Steady state, {plural(threads)}: median (minimum) of a call",
            "",
            "Plain numbers are microseconds, m milliseconds; best peer in bold.",
            "",
            *steady_state(measurements, threads),
            "",
        ]
    lines += section("Notes", notes(measurements))
    lines += section("Bitale with more threads", scaling(measurements))
    if record.first:
        lines += [*first_calls(record.first), ""]
    if record.large:
        lines += [*large(record.large), ""]
    lines += section("Seconds spent on building and checking", preparing(measurements))
    lines += section("Wrong, failed or not run", [*wrong(measurements), *faults(record.first)])
    lines += section("No time left for", [f"- {text}" for text in record.left_out])
    return "\n".join(lines).rstrip() + "\n"

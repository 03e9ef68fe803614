"""The tables of first calls: seconds with an empty compile cache and with a filled one, and megabytes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from benchmarks.compile_time import FirstCall
from benchmarks.first_call import NOTHING
from benchmarks.table import heads, shown, table


def first_calls(results: Sequence[FirstCall]) -> list[str]:
    compiled = [one for one in results if one.cold is not None]
    timed = {(one.workload, one.column) for one in compiled}
    workloads, columns = ({pair[k] for pair in timed} for k in (0, 1))
    beside = [one for one in results if one.workload in workloads and one.column in columns]
    imports = [
        f"{column} {min(times):.2f}"
        for column in heads(results)
        if (times := [one.imported for one in results if one.column == column and one.imported is not None])
    ]
    first = ["### Build and first call, seconds: empty cache → filled cache (fresh processes)", ""]
    return [
        *([*first, *rows(beside, seconds), ""] if beside else []),
        "Import of the library, NumPy being there already (s, best): " + ", ".join(imports),
        "",
        "### Peak memory, MB: building and first call (filled cache) / further calls, above library and inputs",
        "",
        "JAX's has its own copy of the inputs in it; compilers run as other processes are not counted.",
        "",
        *rows(results, megabytes),
    ]


def rows(results: Sequence[FirstCall], show: Callable[[FirstCall], str]) -> list[str]:
    columns = heads(results)
    names = dict.fromkeys(one.workload for one in results)
    found = {name: shown(one for one in results if one.workload == name) for name in names}
    cells = ([name, *(cell(found[name].get(column), show) for column in columns)] for name in names)
    return table(["workload", *columns], cells)


def cell(result: FirstCall | None, show: Callable[[FirstCall], str]) -> str:
    if result is None or result.detail == NOTHING:
        return "–"
    if result.detail:
        return ("not run" if result.detail.startswith("not run") else "failed") + result.run
    return show(result) + result.run


def seconds(result: FirstCall) -> str:
    return "–" if result.cold is None else f"{result.cold:.2f} → {result.warm:.2f}"


def megabytes(result: FirstCall) -> str:
    return f"{result.building_memory:.0f} / {result.call_memory:.0f}"


def faults(results: Sequence[FirstCall]) -> list[str]:
    """What failed, in the libraries' own words."""
    return [
        f"- first call of {one.workload}, {one.column}{one.run}: {one.detail[:200]}"
        for one in results
        if one.detail not in ("", NOTHING)
    ]

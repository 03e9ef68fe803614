"""explain(graph): which rule did what, for which line."""

from __future__ import annotations

from bitale_graph import Graph, Variable, tensor_type
from bitale_graph.ops.elementwise import exp, log
from bitale_rewrite import explain


def test_records_are_data_and_print():
    x = Variable(tensor_type("float64", (None,)), name="x")
    y = log(1 + exp(x) * 1)
    records = explain(Graph([x], [y]))
    assert [(r.phase, r.rule) for r in records] == [
        ("canonicalise", "(o * 1) -> o"),
        ("stabilise", "log of exponentials"),
    ]
    assert records[1].before == "log(1 + exp(x))"
    assert records[1].after == "softplus(x)"
    assert records[0].origin.file == __file__
    assert str(records).splitlines()[0] == "canonicalise: (o * 1) -> o"
    assert f"{__file__}:{y.origin.line}" in str(records)


def test_nothing_to_do():
    x = Variable(tensor_type("float64", (None,)), name="x")
    assert str(explain(Graph([x], [exp(x)]))) == "no rule applied"

"""explain(graph): which rule did what, for which line."""

from __future__ import annotations

from bitale_autodiff import grad
from bitale_graph import Graph, Variable, tensor_type
from bitale_graph import functions as F
from bitale_graph.functions.control.scan import scan
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


def test_what_is_done_to_loops_has_names():
    x = Variable(tensor_type("float64", (None, None, None)), name="x")
    w, u = (Variable(tensor_type("float64", (None, None)), name=name) for name in ("w", "u"))
    states, _ = scan(lambda row, h: F.tanh(row @ w + h @ u), x, F.zeros((4, 3)))
    graph = Graph([x, w, u], [states[-1], states[-2:], *grad(F.sum(states[-1]), [w, u])])
    done = {record.rule for record in explain(graph)}
    assert done >= {
        "loops over the same steps are one",
        "the last element collected is the last carry",
        "products of all elements of a sequence are one product before the loop",
        "what no carry needs is computed after the loop, for all steps at once",
        "what is not read is not collected",
    }

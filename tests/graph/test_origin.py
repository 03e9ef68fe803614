"""Each variable knows the user's line that made it, also when a transformation made it on behalf of another."""

from __future__ import annotations

import inspect

from bitale_graph import Constant, Variable, functions, tensor_type
from bitale_graph.origin import Origin, here, made_at


def line() -> int:
    return inspect.currentframe().f_back.f_lineno


def test_the_line_of_the_user():
    x, at = Variable(tensor_type("float64")), line()
    assert x.origin == Origin(__file__, at)
    y, at = functions.softplus(x).mean() + 1, line()
    assert {y.origin, *(v.origin for v in y.owner.inputs)} == {Origin(__file__, at)}
    assert str(y.origin) == f"{__file__}:{at}"


def test_operators_and_constants_too():
    constant, at = Constant(functions.as_variable([1.0]).data) * 2, line()
    assert constant.origin == Origin(__file__, at)


def test_what_is_made_on_behalf_of_another_line():
    outer, inner = Origin("model.py", 1), Origin("model.py", 2)
    with made_at(outer):
        with made_at(inner):
            assert functions.exp(1.0).origin == inner
        assert here() == outer
    assert here() == Origin(__file__, line())


def test_code_without_a_module_is_the_users():
    names = {"functions": functions}
    exec(compile("\ny = functions.exp(1.0)", "<cell>", "exec"), names)
    assert names["y"].origin == Origin("<cell>", 2)

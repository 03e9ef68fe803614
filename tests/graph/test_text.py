"""The text form of graphs: one typed assignment a line."""

from __future__ import annotations

import numpy as np

from bitale_graph import Graph, Variable, functions, tensor_type
from bitale_graph.text import constant_text


def vector(name: str | None) -> Variable:
    return Variable(tensor_type("float64", (None,)), name=name)


def test_a_graph_is_a_line_per_application():
    x, y = vector("x"), Variable(tensor_type("float64", (None, 10)), name="y")
    z = functions.exp(y) + x[:, None]
    z.name = "z"
    assert str(Graph([x, y], [z, z * 0.5, x], name="demo")) == (
        "graph demo(x: float64[?], y: float64[?, 10]):\n"
        "    %0: float64[?, 10] = exp(y)\n"
        "    %1: float64[?, 1] = expand_dims{axes=(1,)}(x)\n"
        "    z: float64[?, 10] = add(%0, %1)\n"
        "    %2: float64[?, 10] = multiply(z, 0.5)\n"
        "    return z, %2, x"
    )


def test_unknown_parameters_are_question_marks():
    x = vector("x")
    assert "reshape{shape=(2, ?)}(x, " in str(Graph([x], [x.reshape(2, -1)]))


def test_equal_names_are_told_apart():
    first, second, unnamed = vector("x"), vector("x"), vector(None)
    text = str(Graph([first, second, unnamed], [first + second + unnamed]))
    assert text.startswith("graph(x: float64[?], x_2: float64[?], %0: float64[?]):\n")
    assert "add(x, x_2)" in text


def test_the_same_graph_has_the_same_text():
    def build() -> str:
        x = vector("x")
        return str(Graph([x], [functions.sin(x) / functions.cos(x)]))

    assert build() == build()


def test_constants_show_few_values_or_their_type():
    assert constant_text(np.float32(0.5)) == "0.5"
    assert constant_text(np.array([[1, 2], [3, 4]])) == "[[1, 2], [3, 4]]"
    assert constant_text(np.zeros((3, 4), "int8")) == "<int8[3, 4]>"

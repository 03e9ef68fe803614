"""Nested values: leaves, forms, paths."""

from __future__ import annotations

from collections import namedtuple

import pytest

from bitale_graph.tree import LEAF, flatten

Point = namedtuple("Point", "x y")
VALUES = [5, None, (), [1, 2], (1, [2, {"b": 3, "a": (4,)}], None), {"k": Point(1, 2)}]


@pytest.mark.parametrize("value", VALUES, ids=str)
def test_a_value_is_its_form_with_its_leaves(value):
    leaves, form = flatten(value)
    assert form.count == len(leaves) == len(form.paths())
    assert form.build(leaves) == value
    assert type(form.build(leaves)) is type(value)


def test_dicts_are_read_by_their_keys():
    (first, one), (second, other) = flatten({"b": 2, "a": 1}), flatten({"a": 1, "b": 2})
    assert first == second == [1, 2]
    assert one == other


def test_paths_and_text():
    _, form = flatten({"a": (1, [2])})
    assert form.paths("x") == ["x['a'][0]", "x['a'][1][0]"]
    assert str(form) == "{'a': ('*', ['*'])}"
    assert flatten(1)[1] == LEAF
    assert flatten((1,))[1] != flatten([1])[1]

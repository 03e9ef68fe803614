"""RuleTable: rows by instance before class, explicit merging, missing rows named."""

from __future__ import annotations

import pytest

from bitale_graph.errors import BitaleError, MissingRule
from bitale_graph.ops.movement import Squeeze, Transpose
from bitale_graph.table import RuleTable


def table(**rows: str) -> RuleTable[str]:
    return RuleTable("colour", dict(rows), advice="Paint it.")


def test_an_instance_comes_before_its_class():
    ops = RuleTable("rule", {Squeeze: "any", Squeeze((0,)): "first"})
    assert (ops[Squeeze((0,))], ops[Squeeze((1,))], ops.find(Transpose((0,)))) == ("first", "any", None)
    assert Squeeze((1,)) in ops
    assert Transpose((0,)) not in ops


def test_a_missing_row_is_named():
    with pytest.raises(MissingRule, match=r"no colour for `sky`; the table has 1 rows\. Paint it\.") as caught:
        table(sea="green")["sky"]
    assert isinstance(caught.value, (BitaleError, NotImplementedError))
    assert table(sea="green").missing(["sea", "sky"]) == ["sky"]


def test_merging_makes_a_new_table_and_refuses_a_second_row():
    first, second = table(sea="green"), table(sky="blue")
    merged = first.merged(second)
    assert (list(merged), list(first)) == (["sea", "sky"], ["sea"])
    with pytest.raises(ValueError, match="the colour table already has a row for sea"):
        merged.merged(first)
    assert merged.overridden({"sea": "grey"})["sea"] == "grey"
    assert merged["sea"] == "green"


def test_a_decorator_registers_under_several_keys():
    rules: RuleTable = RuleTable("rule")

    @rules.register("a", "b")
    def rule() -> str:
        return "both"

    assert rules["a"] is rules["b"] is rule
    assert len(rules) == 2

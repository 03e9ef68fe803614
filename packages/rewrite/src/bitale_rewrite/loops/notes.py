"""What generated code says about where it comes from: the user's expression and line."""

from __future__ import annotations

from bitale_graph.expression import expression
from bitale_graph.variable import Variable


def label(variable: Variable) -> str:
    """A name for a variable that the user did not name: its op's."""
    return variable.owner.op.name if variable.owner is not None else "t"


def note(variable: Variable) -> str:
    """The variable as a short expression, with the line that made it."""
    text = expression(variable, limit=80)
    text = text if variable.name is None or variable.owner is None else f"{variable.name} = {text}"
    return f"{text}    {variable.origin}" if variable.origin else text

"""What rules look like: the signatures of pullbacks and pushforwards.

A pullback takes a node and the cotangents of its outputs (None where there is none) and answers with one contribution
per input: a variable, None for none, or a function of no arguments that is called if the contribution is wanted.
A pushforward takes a node and the tangents of its inputs and answers with one tangent per output.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bitale_graph.variable import Variable

Contribution = Variable | None | Callable[[], Variable | None]
Contributions = Sequence[Contribution]
Tangents = Sequence[Variable | None]
Pullback = Callable[..., Contributions]
Pushforward = Callable[..., Tangents]

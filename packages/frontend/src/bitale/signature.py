"""What inspect.signature() and help() show of a function."""

from __future__ import annotations

from inspect import Parameter, Signature
from keyword import iskeyword

from bitale.specification import Specification


def signature(specification: Specification) -> Signature:
    """Inputs as parameters: those of a function whose inputs do not all have a name of their own are given in order."""
    names, defaults = specification.names, specification.defaults
    named = len(set(names)) == len(names) and all(n and n.isidentifier() and not iskeyword(n) for n in names)
    kind = Parameter.POSITIONAL_OR_KEYWORD if named else Parameter.POSITIONAL_ONLY
    parameters = [
        Parameter(str(name) if named else f"input_{number}", kind, default=defaults.get(number, Parameter.empty))
        for number, name in enumerate(names)
    ]
    # Unlike Python's, these may have a default in front of one without.
    return Signature(parameters, __validate_parameters__=False)

"""NumPy's functions for symbolic variables, and the constructors of inputs (`matrix`, `ivector`, ...)."""

from bitale_graph.functions import *  # noqa: F403

"""NumPy's functions for symbolic variables, and the constructors of inputs (`matrix`, `ivector`, ...)."""

from types import ModuleType

from bitale_graph import functions

__all__ = [
    name for name, value in vars(functions).items() if not name.startswith("_") and not isinstance(value, ModuleType)
]
globals().update({name: getattr(functions, name) for name in __all__})

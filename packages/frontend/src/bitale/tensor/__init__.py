"""NumPy's functions for symbolic variables, and the constructors of inputs (`matrix`, `ivector`, ...)."""

from types import ModuleType

from bitale import names
from bitale.names import *  # noqa: F403
from bitale_autodiff import Lop, Rop, grad, hessian, jacobian  # noqa: F401
from bitale_graph import Constant, TensorType, Variable, functions  # noqa: F401
from bitale_graph.functions import *  # noqa: F403

# after the functions, which have modules of these names
from bitale import fft, linalg, random  # noqa: F401  # isort: skip
from bitale.tensor import nlinalg, slinalg  # noqa: F401  # isort: skip

__all__ = [
    *("fft", "linalg", "nlinalg", "random", "slinalg"),
    *("Constant", "Lop", "Rop", "TensorType", "Variable", "grad", "hessian", "jacobian"),
    *names.__all__,
    *(name for name, value in vars(functions).items() if name[0] != "_" and not isinstance(value, ModuleType)),
]

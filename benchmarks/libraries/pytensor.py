"""PyTensor: its C and its numba mode, inputs trusted, shared variables and results borrowed."""

from __future__ import annotations

from functools import partial
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytensor
import pytensor.tensor as pt
from pytensor.gradient import hessian_vector_product
from pytensor.scan.utils import until
from pytensor.tensor.special import softmax

from benchmarks.workload import LEARNING_RATE, Call, Names, Workload


def cross_entropy(logits: Any, labels: Any) -> Any:
    return -pt.mean(pt.log(softmax(logits, axis=1))[pt.arange(labels.shape[0]), labels])


def binary_cross_entropy(logits: Any, targets: Any) -> Any:
    p = pt.sigmoid(logits)
    return -pt.mean(targets * pt.log(p) + (1 - targets) * pt.log(1 - p))


def scan(step: Any, carries: Any, xs: Any, length: int | None = None) -> Any:
    count = len(carries)

    def one(*arguments: Any) -> Any:
        value, old = (None, arguments[:count]) if xs is None else (arguments[0], arguments[1 : 1 + count])
        new, element = step(old, value)
        return [*new, *([] if xs is None else [element])]

    info = [*carries, *([] if xs is None else [None])]
    steps = pytensor.scan(one, [] if xs is None else [xs], info, n_steps=length, return_updates=False)
    found = steps if isinstance(steps, list) else [steps]
    return tuple(v[-1] for v in found[:count]), None if xs is None else found[-1]


def while_loop(condition: Any, step: Any, carry: Any) -> Any:
    def one(old: Any) -> Any:
        new = step(old)
        return new, until(pt.invert(condition(new)))

    return pytensor.scan(one, outputs_info=[carry], n_steps=100, return_updates=False)[-1]


NAMES = Names(
    pt,
    softmax=softmax,
    cross_entropy=cross_entropy,
    binary_cross_entropy=binary_cross_entropy,
    scan=scan,
    while_loop=while_loop,
)


BLAS_ROUTINES = ("gemm", "gemv", "ger", "dot", "axpy", "scal")


def start(threads: int) -> None:
    """OpenBLAS, OpenMP and numba read the number of threads from the environment; C loops get OpenMP where it helps."""
    pytensor.config.openmp = threads > 1
    link_blas()


def link_blas() -> None:
    """Give the C mode the OpenBLAS that SciPy brings, which a plain installation by pip does not.

    SciPy's library prefixes every name with `scipy_`: the compiler is told to spell PyTensor's calls likewise.
    """
    folder = Path(str(distribution("scipy").locate_file("scipy.libs")))
    for library in folder.glob("*openblas*"):
        routines = [f"{kind}{routine}_" for kind in "sd" for routine in BLAS_ROUTINES]
        pytensor.config.blas__ldflags = f"-L{folder} -l:{library.name} -Wl,-rpath,{folder}"
        pytensor.config.gcc__cxxflags = " ".join(f"-D{routine}=scipy_{routine}" for routine in routines)


def build(mode: str, workload: Workload) -> Call:
    arrays = workload.arrays()
    precision = "float64" if any(array.dtype == "float64" for array in arrays) else "float32"
    with pytensor.config.change_flags(floatX=precision):
        function, arguments, shared = compile_workload(workload, arrays, mode)
    function.trust_input = True
    return Call(function, arguments, lambda: [parameter.get_value() for parameter in shared])


def compile_workload(workload: Workload, arrays: tuple[Any, ...], mode: str) -> tuple[Any, tuple[Any, ...], list[Any]]:
    kept = workload.trained
    variables = [
        pytensor.shared(array.copy(), name, borrow=True)
        if index < kept
        else pt.tensor(name, dtype=array.dtype, shape=(None,) * array.ndim)
        for index, (name, array) in enumerate(zip(workload.argument_names, arrays))
    ]
    expression = workload.own.get("pytensor", workload.expression)
    outputs, updates = expression(NAMES, *variables), []
    wrt = variables[: workload.parameters]
    if workload.kind == "value_and_gradient":
        outputs = [outputs, *pytensor.grad(outputs, wrt)]
    elif workload.kind == "train":
        gradients = pytensor.grad(outputs, wrt)
        updates = [(p, (p - LEARNING_RATE * g).astype(p.dtype)) for p, g in zip(wrt, gradients)]
    elif workload.kind == "hessian_vector_product":
        outputs = hessian_vector_product(outputs, wrt, [variables[-1]])[0]
    several = isinstance(outputs, list | tuple)
    results = [pytensor.Out(output, borrow=True) for output in (outputs if several else [outputs])]
    results = results if several else results[0]
    function = pytensor.function(variables[kept:], results, updates=updates, mode=mode, on_unused_input="ignore")
    return function, arrays[kept:], variables[:kept]


COLUMNS = {
    "pytensor-c": partial(build, "CVM"),
    "pytensor-numba": partial(build, "NUMBA"),
}

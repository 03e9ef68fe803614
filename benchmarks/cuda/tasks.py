"""What is measured on a GPU: workloads at sizes that fill it, small ones, and those of the CPU that train and loop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from benchmarks.workload import Workload
from benchmarks.workloads import WORKLOADS
from benchmarks.workloads import elementwise as ew
from benchmarks.workloads import reduction as red

Figure = Literal["bandwidth", "product", "call"]


@dataclass(frozen=True)
class Task:
    """A workload, and what its time is compared with besides other libraries' times.

    bandwidth: `amount` are the bytes that have to be read and written, over those of a copy in the same time;
    product: `amount` are the operations, over those of cuBLAS; call: nothing.

    Of large inputs `block` is the first part, which they repeat along their first axis: its results, repeated, are the
    oracle.
    """

    workload: Workload
    figure: Figure = "call"
    amount: float = 0.0
    block: Workload | None = None

    @property
    def name(self) -> str:
        return self.workload.name


@dataclass(frozen=True)
class Sizes:
    """Rows of 1,000 numbers (a gigabyte of float32 at first), in blocks that repeat, and the orders of matrices."""

    blocks: int = 250
    rows: int = 1000
    columns: int = 1000
    orders: tuple[int, ...] = (4096, 1024)

    @property
    def label(self) -> str:
        return f"{self.blocks * self.rows}x{self.columns}"


def scale_shift(xp: Any, x: Any) -> Any:
    return 2 * x + 1


def product(xp: Any, x: Any, w: Any) -> Any:
    return x @ w


def linear(xp: Any, x: Any, w: Any, b: Any) -> Any:
    return x @ w + b


def dense(xp: Any, x: Any, w: Any, b: Any) -> Any:
    return xp.tanh(x @ w + b)


MEMORY: tuple[tuple[Callable[..., Any], int, int], ...] = (
    # the expression, how many matrices it reads, and whether it writes one
    (scale_shift, 1, 1), (ew.logistic, 3, 1), (ew.ew15, 3, 1),
    (red.sum_ax1, 1, 0), (red.max_ax1, 1, 0), (red.softmax, 1, 1), (red.logsumexp, 1, 0), (red.layernorm, 1, 1),
)  # fmt: skip
WHOLE = ((red.sum_ax0, 1, 0), (red.sum_all, 1, 0))
"""Reductions along the first axis, whose results do not repeat."""
SMALL = ("add1_vec3[3]:f64", "tiny10[3]:f64", "mlp_fwd[1]:f32", "embed_gather:f32", "embed_sgd:f32")
TRAINING = (
    *("mlp_train[60]:f32", "mlp_train[600]:f32", "lstm_train[100x32x128]:f32", "lstm[100x32x128]:f32"),
)
UNROLLING = ("rnn_train[100x32x128]:f32", "rnn[100x32x128]:f32")
UNROLLED = {"torch-compile": "it unrolls the loop, and compiles a hundred steps for longer than a minute"}
LOOPS = ("newton:f64", "logistic_map[10000]:f64", "ar1[5000]:f64", "garch[5000]:f64")


def tasks(sizes: Sizes = Sizes()) -> list[Task]:
    """All of them, the most important first."""
    return [
        *(memory_task(sizes, *one) for one in MEMORY),
        *(product_task(order, tag) for order in sizes.orders for tag in ("f32", "f64", "f16")),
        *(layer_task(order, linear, tag) for order in sizes.orders for tag in ("f32", "f16")),
        *(layer_task(order, dense, "f32") for order in sizes.orders),
        *(Task(WORKLOADS[name]) for name in (*SMALL, *TRAINING)),
        *(Task(replace(WORKLOADS[name], without=UNROLLED)) for name in UNROLLING),
        *(memory_task(replace(sizes, blocks=1, rows=sizes.blocks * sizes.rows), *one) for one in WHOLE),
        *(Task(WORKLOADS[name]) for name in LOOPS),
    ]


def memory_task(sizes: Sizes, expression: Callable[..., Any], read: int, written: int) -> Task:
    """A task that is bound by memory, on float32."""
    block = matrices(sizes, expression, read)
    name = f"{expression.__name__}[{sizes.label}]:f32"

    def repeated(random: np.random.Generator) -> tuple[np.ndarray, ...]:
        return tuple(np.tile(a, (sizes.blocks, 1)) if k < read else a for k, a in enumerate(block.arrays()))

    moved = 4.0 * sizes.blocks * sizes.rows * sizes.columns * (read + written)
    own = {"torch": red.layernorm_torch} if expression is red.layernorm else {}
    whole = replace(block, name=name, inputs=repeated, own=own)
    return Task(whole, "bandwidth", moved, block if sizes.blocks > 1 else None)


def matrices(sizes: Sizes, expression: Callable[..., Any], read: int) -> Workload:
    """One block: numbers between 0 and 1 for sums, whose errors then show; normal ones otherwise."""
    sums = expression in (red.sum_ax0, red.sum_ax1, red.sum_all)
    rows = 2 if expression is red.layernorm else 0

    def inputs(random: np.random.Generator) -> tuple[np.ndarray, ...]:
        shapes = [(sizes.rows, sizes.columns)] * read + [(sizes.columns,)] * rows
        draw = random.random if sums else random.standard_normal
        return tuple(draw(shape).astype("float32") for shape in shapes)

    return Workload(f"{expression.__name__}[{sizes.rows}x{sizes.columns}]:f32", inputs, expression)


DTYPES = {"f16": "float16", "f32": "float32", "f64": "float64"}
OF_PRODUCTS = {"f16": 5e-3, "f32": 1e-5, "f64": 1e-12}  # of the largest element; float16 is added in float32


def product_task(order: int, tag: str) -> Task:
    inputs = squares(order, DTYPES[tag])
    name = f"product[{order}]:{tag}"
    return Task(Workload(name, inputs, product, wide_product, tolerance=OF_PRODUCTS[tag]), "product", 2.0 * order**3)


def wide_product(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    return x.astype("float64") @ w.astype("float64")


def layer_task(order: int, layer: Callable[..., Any], tag: str) -> Task:
    """A layer: what follows the product is an epilogue, or fused."""
    inputs, name = squares(order, DTYPES[tag], bias=True), f"{layer.__name__}[{order}]:{tag}"

    def wide(*arrays: np.ndarray) -> np.ndarray:
        result: np.ndarray = layer(np, *(a.astype("float64") for a in arrays))
        return result

    return Task(Workload(name, inputs, layer, wide, tolerance=OF_PRODUCTS[tag]), "product", 2.0 * order**3)


def squares(order: int, dtype: str, bias: bool = False) -> Callable[[np.random.Generator], tuple[np.ndarray, ...]]:
    """Matrices whose product has elements of about 1."""

    def inputs(random: np.random.Generator) -> tuple[np.ndarray, ...]:
        scales: Sequence[tuple[float, tuple[int, ...]]] = [(1.0, (order, order)), (order**-0.5, (order, order))]
        arrays = [(scale * random.standard_normal(shape)).astype(dtype) for scale, shape in scales]
        return (*arrays, random.standard_normal(order).astype(dtype)) if bias else tuple(arrays)

    return inputs

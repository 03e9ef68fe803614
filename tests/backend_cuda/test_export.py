"""Exported CUDA C++: compiled and run without Python, on the emulation, and compiled by nvcc for real devices."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

import bitale as bt
from bitale_autodiff import grad
from bitale_backend_c.export import ExportError
from bitale_backend_cuda import export
from bitale_graph import Graph, Variable, evaluate, tensor_type
from bitale_graph import functions as F
from bitale_graph.functions import linalg
from bitale_graph.functions.control.branch import ifelse
from bitale_graph.functions.control.loop import scan, while_loop
from bitale_graph.functions.fft import fft, ifft, irfft, rfft
from tests.architecture.test_docs import agree
from tests.architecture.workspace import ROOT
from tests.support.cuda.compile import needs_compiler
from tests.support.cuda.exported import SANITIZERS, build, definitions, link, results, run

pytestmark = needs_compiler
RNG = np.random.default_rng(0)
# Folders with cublas_v2.h and cufft.h, where nvcc has none of its own, separated by colons.
HEADERS = os.environ.get("BITALE_CUDA_HEADERS", "").split(":")


def variable(name: str, dtype: str, *shape: int | None) -> Variable:
    return Variable(tensor_type(dtype, shape), name=name)


def normal(*shape: int, dtype: str = "float64") -> np.ndarray:
    return RNG.normal(size=shape).astype(dtype)


def rows() -> tuple[Graph, list[np.ndarray]]:
    """Softmax, sums that gather, numbers as arguments, constants."""
    x, scale = variable("x", "float32", None, None), variable("scale", "float32")
    many = variable("many", "float64", None)
    table = np.linspace(-1, 1, 7).astype("float32")
    outputs = [F.softmax(x, axis=1) * scale + table, F.sum(many * many), F.sum(x, axis=0), F.cumsum(many)]
    return Graph([x, scale, many], outputs), [normal(4, 7, dtype="float32"), np.array(2.5, "float32"), normal(3000)]


def products() -> tuple[Graph, list[np.ndarray]]:
    """By cuBLAS: of several dtypes, transposed, of batches, with factors that are known at run time."""
    n = 33
    inputs, outputs = [], []
    for dtype in ("float32", "float64", "complex64", "float16", "bfloat16"):
        a, b, alpha = variable(f"a_{dtype}", dtype, None, n), variable(f"b_{dtype}", dtype, n, n), variable("s", dtype)
        c = variable(f"c_{dtype}", dtype, n, n)
        inputs += [a, b, c, alpha]
        outputs += [c + alpha * alpha * F.dot(b.T, b), F.dot(a, b)]
    batch, other = variable("batch", "float64", None, n, n), variable("other", "float64", n, n)
    outputs.append(F.matmul(batch, other))
    values = []
    for v in inputs:
        shape = tuple(40 if length is None else length for length in v.type.shape)
        real = normal(*shape) / 4 + (1j * normal(*shape) if v.dtype == "complex64" else 0)
        values.append(np.asarray(real).astype(v.dtype))
    return Graph([*inputs, batch, other], outputs), [*values, normal(3, n, n), normal(n, n)]


def loops() -> tuple[Graph, list[np.ndarray]]:
    """One launch for all steps, a round for each, until a condition, with a branch; halves and sizes as numbers."""
    y, h, w = variable("y", "float64", None), variable("h", "float64", 40), variable("w", "float64", 40, 40)
    big, count, half = variable("big", "float64", 120, None), variable("count", "int64"), variable("half", "float16")
    brain = variable("brain", "bfloat16")
    last, squares = scan(lambda c, v: (0.5 * c + v, c * c), F.zeros(()), y)
    state, history = scan(lambda s, v: (F.tanh(F.dot(w, s) + v),) * 2, h, y)
    _, sums = scan(lambda s, v: (s * 0.5 + v,) * 2, big[0], big)
    power, steps = while_loop(lambda s: s[0] < 1000, lambda s: (s[0] * 3, s[1] + 1), (F.sum(y * y), np.int64(0)))
    chosen = ifelse(F.sum(y) > 0, lambda: y * 2, lambda: y - 1)
    cooled = ifelse(half * half < 7, lambda: h + 1, lambda: h - 1)
    rounded = ifelse(brain * brain <= 6.96875, lambda: h + 2, lambda: h - 2)
    outputs = [last, squares, state, history, sums[-1], power, steps, chosen, cooled, rounded]
    outputs.append(y * F.cast(count, "float64"))
    values = [normal(6), normal(40), normal(40, 40) / 8, normal(120, 100), np.array(4), np.array(2.6455, "float16")]
    values.append(np.array(2.64, "bfloat16"))  # whose square is rounded down
    return Graph([y, h, w, big, count, half, brain], outputs), values


def kinds() -> tuple[Graph, list[np.ndarray]]:
    """Dtypes; what the host does in C; gather, scatter; names that the file needs for itself."""
    z, flags, n = variable("z", "complex128", None), variable("flags", "bool", None), variable("n", "int8")
    words = ["call", "state", "stream", "host", "compute", "results", "code", "grid", "std", "exp", "processors"]
    named = [variable(word, "float64", None) for word in words]
    table, index = variable("table", "float64", None, 3), variable("index", "int64", None)
    total = named[0]
    for v in named[1:]:
        total = F.exp(total) * v
    scale = np.array([1 + 2j, 3 - 4j])
    outputs = [
        F.exp(z) * scale, F.logical_not(flags), n + np.int8(1), total, table[index], table[index].add(1.0),
        F.concatenate([table, table * 2]), F.absolute(z),
    ]  # fmt: skip
    values = [np.array([1j, 0.5]), np.array([True, False, True]), np.array(127, "int8")]
    values += [np.full(2, 0.1 + k / 100) for k in range(len(words))]
    return Graph([z, flags, n, *named, table, index], outputs), [*values, normal(4, 3), np.array([3, 0, -1, 3])]


def transforms() -> tuple[Graph, list[np.ndarray]]:
    """Fourier transforms, there and back, in both precisions."""
    x, z, f = variable("x", "float64", None, None), variable("z", "complex64", 6), variable("f", "float32", None)
    outputs = [rfft(x), irfft(rfft(x) * 2), fft(z), ifft(z), rfft(f), irfft(z, n=9), fft(x, axis=0)]
    values = [normal(3, 8), (normal(6) + 1j * normal(6)).astype("complex64"), normal(7, dtype="float32")]
    return Graph([x, z, f], outputs), values


TOLERANCES = {"float16": 2e-3, "bfloat16": 1e-2, "float32": 2e-5, "complex64": 2e-5}
def decompositions() -> tuple[Graph, list[np.ndarray]]:
    """Linear algebra by cuSOLVER, of a batch and of two dtypes: what does not depend on signs and phases."""
    inputs, outputs, values = [], [], []
    for dtype in ("float64", "complex64"):
        a, b, tall = variable("a", dtype, None, 5, 5), variable("b", dtype, 5, None), variable("tall", dtype, None, 3)
        numbers = normal(2, 5, 5) + (1j * normal(2, 5, 5) if dtype == "complex64" else 0)
        positive = F.matmul(a, F.conj(F.swapaxes(a, -1, -2))) + 5 * np.eye(5, dtype=dtype)
        w, v = linalg.eigh(positive)
        q, r = linalg.qr(tall)
        u, s, vh = linalg.svd(tall, full_matrices=False)
        lower = linalg.cholesky(positive)
        outputs += [
            lower, linalg.solve(a[0], b), linalg.det(a), linalg.solve_triangular(lower[1], b, lower=True), w,
            F.matmul(v * F.expand_dims(w, -2), F.conj(F.swapaxes(v, -1, -2))), F.dot(q, r), s, F.dot(u * s, vh),
        ]  # fmt: skip
        inputs += [a, b, tall]
        values += [numbers.astype(dtype), normal(5, 2).astype(dtype), normal(6, 3).astype(dtype)]
    return Graph(inputs, outputs), values


GRAPHS = {
    "rows": rows(), "products": products(), "loops": loops(), "kinds": kinds(), "transforms": transforms(),
    "decompositions": decompositions(),
}  # fmt: skip


@pytest.mark.parametrize("name", GRAPHS)
def test_results_are_the_reference_s(tmp_path, name):
    graph, values = GRAPHS[name]
    for found, wanted in zip(results(tmp_path, graph, values), evaluate(graph, values), strict=True):
        tolerance = TOLERANCES.get(wanted.dtype.name, 1e-12)
        found, wanted = (a.astype("complex128") for a in (found, wanted))
        np.testing.assert_allclose(found, wanted, rtol=tolerance, atol=tolerance * 100)


def perceptron() -> tuple[Graph, list[np.ndarray]]:
    """A training step: x, y, then the weights; the loss, then the new weights."""
    n = 40
    x, y = variable("x", "float32", None, n), variable("y", "float32", None)
    w, v, b = variable("w", "float32", n, n), variable("v", "float32", n), variable("b", "float32")
    loss = F.mean(F.square(F.dot(F.tanh(F.dot(x, w)), v) + b - y))
    new = [p - np.float32(0.1) * g for p, g in zip((w, v, b), grad(loss, [w, v, b]), strict=True)]
    start = [normal(n, n, dtype="float32") / 8, normal(n, dtype="float32") / 8, np.array(0.25, "float32")]
    return Graph([x, y, w, v, b], [loss, *new]), start


def test_a_state_lives_on_the_device(tmp_path):
    """Training steps, in two states and threads at once; where memory runs out, a code says so and nothing is lost."""
    graph, start = perceptron()
    exported = export(graph, "train", tmp_path, cells=[[a] for a in start], updates={1: 0, 2: 1, 3: 2})
    x, y = normal(48, 40, dtype="float32"), normal(48, dtype="float32")
    main = f"""{definitions({"x_host": x, "y_host": y})}
    #include <pthread.h>
    static void *steps(void *losses)
    {{
        train_state state;
        float *x = device(x_host, sizeof x_host), *y = device(y_host, sizeof y_host), *loss = device(0, 4);
        CHECK(train_start(&state, stream));
        for (int k = 0; k < 3; k++) {{
            int code = train(&state, x, 48, y, 48, loss, stream);
            if (code) puts(train_error(code));
            cudaMemcpyAsync((float *)losses + k, loss, 4, cudaMemcpyDeviceToHost, stream);
            cudaStreamSynchronize(stream);
        }}
        CHECK(train_end(&state, stream));
        FREE(x), FREE(y), FREE(loss);
        return 0;
    }}
    int main(void)
    {{
        float found[6];
        pthread_t thread;
        pthread_create(&thread, 0, steps, found);
        steps(found + 3);
        pthread_join(thread, 0);
        for (int k = 0; k < 6; k++) printf("%.9g ", found[k]);
        return 0;
    }}"""
    program = build(exported, main, SANITIZERS)
    wanted, weights = [], start
    for _ in range(3):
        loss, *weights = evaluate(graph, [x, y, *weights])
        wanted.append(loss)
    (line,) = run(program)
    np.testing.assert_allclose(np.array(line.split(), float), wanted * 2, rtol=1e-5)
    said, *_ = run(program, EMULATED_FAILURE="20")
    assert said == "there is not enough memory"


def test_indices_out_of_range_and_lengths_that_disagree(tmp_path):
    table, index = variable("table", "float64", None), variable("index", "int64", None)
    more = variable("more", "float64", None)
    exported = export(Graph([table, index, more], [table[index] + more]), "pick", tmp_path)
    main = """int main(void)
    {
        double numbers[] = {1, 2, 3};
        int64_t places[] = {2, 0, 3};
        double *table = device(numbers, sizeof numbers), *found = device(0, sizeof numbers);
        int64_t *index = device(places, sizeof places);
        puts(pick_error(pick(table, 3, index, 2, table, 2, found, stream)));
        FLOATS(double, found, 2);
        puts(pick_error(pick(table, 3, index, 3, table, 3, found, stream)));
        puts(pick_error(pick(table, 3, index, 3, table, 2, found, stream)));
        puts(pick_error(-819));
        FREE(table), FREE(found), FREE(index);
        return 0;
    }"""
    said = "\n".join(run(build(exported, main, SANITIZERS)))
    assert said.startswith("no error\n4 3 \ngather: index ? is out of range for axis 0 of length ?\n")
    assert "add: axis 0 has length ? in one operand and ? in another" in said
    assert said.endswith("unspecified launch failure") and "at test_export.py:" in said and "/tests/" not in said


def test_results_whose_length_depends_on_values_are_allocated(tmp_path):
    x, count = variable("x", "float64", None), variable("count", "int64")
    _, powers = scan(lambda c, _: (c * 2, c), F.ones(()), length=count)
    exported = export(Graph([x, count], [F.sqrt(x[x > 0]), F.sum(x), powers, x[:3]]), "find", tmp_path)
    main = """int main(void)
    {
        double numbers[] = {-1, 4, 0, 9}, *x = device(numbers, sizeof numbers), *total = device(0, 8);
        double *first = device(0, 24), *roots = 0, *powers = 0;
        int64_t length[1], steps[1], head[1];
        for (int64_t n = 4; n >= 0; n -= 4) {
            find_lengths(n, head);
            CHECK(find(x, n, n, &roots, length, total, &powers, steps, first, stream));
            printf("%d %d %d: ", (int)head[0], (int)length[0], (int)steps[0]);
            FLOATS(double, roots, length[0]);
            FLOATS(double, powers, steps[0]);
            FREE(roots), FREE(powers);
        }
        FREE(x), FREE(total), FREE(first);
        return 0;
    }"""
    assert run(build(exported, main, SANITIZERS)) == ["3 2 4: 2 3 ", "1 2 4 8 ", "0 0 0: ", ""]


def test_random_streams_go_on(tmp_path):
    """A function of the frontend; a state that is written into memory of its own, and then copied."""
    f = bt.function([], bt.RandomStream(3).normal(size=5), name="draw")
    exported, wanted = f.export(tmp_path, mode="cuda"), [f() for _ in range(2)]
    main = """int main(void)
    {
        draw_state state;
        double *numbers = device(0, 40);
        CHECK(draw_start(&state, stream));
        for (int k = 0; k < 2; k++) {
            CHECK(draw(&state, numbers, stream));
            FLOATS(double, numbers, 5);
        }
        CHECK(draw_end(&state, stream));
        FREE(numbers);
        return 0;
    }"""
    found = [np.array(line.split(), float) for line in run(build(exported, main))]
    np.testing.assert_allclose(found, wanted, rtol=1e-13)


def test_what_cannot_be_exported(tmp_path):
    x, w = variable("x", "float64", None), variable("w", "float64", None)
    for name in ("float", "2x", "grid"):
        with pytest.raises(ExportError, match="cannot be the name of a C function"):
            export(Graph([x], [x]), name, tmp_path)
    with pytest.raises(ExportError, match="compute needs `eigvals`, which has no form in CUDA C"):
        export(Graph([matrix := variable("a", "float64", 3, 3)], [linalg.eigvals(matrix)]), "compute", tmp_path)
    with pytest.raises(ExportError, match="the update of `w` may change its shape"):
        export(Graph([x, w], [F.concatenate([x, w])]), "grow", tmp_path, cells=[[np.ones(2)]], updates={0: 0})


def test_the_documented_program(tmp_path, monkeypatch):
    """What docs/cuda.md shows, compiled and run; its Python runs among the documents' tests."""
    monkeypatch.chdir(tmp_path)
    document = (ROOT / "docs" / "cuda.md").read_text()
    section = document[document.index("## Without Python") :]
    python, main, session = (
        re.search(rf"^```{kind}\n(.*?)^```$", section, re.M | re.S)[1] for kind in ("python", "cpp", "sh")
    )
    exec(python, {"__name__": "documented"})
    Path("main.cpp").write_text(main)
    program = link(tmp_path, [tmp_path / "exported" / "step.cu", tmp_path / "main.cpp"])
    command, printed = session.split("\n", 1)
    assert command.startswith("$ (cd exported && nvcc ")
    agree(printed, "\n".join(run(program)) + "\n")


# ---- nvcc ------------------------------------------------------------------------------------------------------------


needs_nvcc = pytest.mark.skipif(shutil.which("nvcc") is None, reason="there is no nvcc")
NVCC = ["nvcc", "-std=c++17", "-Xcompiler", "-Wall,-Wextra", *(f"-I{folder}" for folder in HEADERS if folder)]
ARCHITECTURES = [f"-gencode=arch=compute_{n},code=sm_{n}" for n in (80, 90)]


def has_headers(source: str) -> bool:
    """Whether nvcc finds the headers of the libraries that a text includes."""
    wanted = re.findall(r"^#include <(cu\w+\.h)>", source, re.M)
    probe = "".join(f"#if !__has_include(<{header}>)\n#error\n#endif\n" for header in wanted)
    command = [*NVCC, "-E", "-x", "cu", "-o", os.devnull, "-"]
    return subprocess.run(command, input=probe, text=True, capture_output=True, check=False).returncode == 0


@needs_nvcc
@pytest.mark.slow
@pytest.mark.parametrize("name", GRAPHS)
def test_nvcc_takes_it_without_a_warning(tmp_path, name):
    exported = export(GRAPHS[name][0], "compute", tmp_path)
    if not has_headers(exported.source.read_text()):
        pytest.skip("nvcc finds no headers of cuBLAS or cuFFT: BITALE_CUDA_HEADERS may name their folders")
    command = [*NVCC, *ARCHITECTURES, "-c", exported.source, "-o", tmp_path / "compute.o"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")

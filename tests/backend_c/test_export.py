"""Exported functions: compiled without Python into C programs, whose results are the reference's."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from bitale_autodiff import from_graph
from bitale_backend_c.emit.arrays import static_array
from bitale_backend_c.export import Exported, ExportError, export
from bitale_graph import Graph, Variable, evaluate, tensor_type
from bitale_graph import functions as F
from bitale_graph.functions import linalg

WARNINGS = ["-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror"]
SANITIZERS = ["-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover"]
C_COMPILER = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
pytestmark = pytest.mark.skipif(C_COMPILER is None, reason="there is no C compiler")

PRINT = r"""
#include <stdio.h>
#include <stdlib.h>
#define SHOW(format, type, array, count) \
    do { for (int64_t each = 0; each < (count); each++) printf(format " ", (type)(array)[each]); puts(""); } while (0)
#define FLOATS(array, count) SHOW("%.17g", double, array, count)
#define WHOLES(array, count) SHOW("%lld", long long, array, count)
#define CHECK(call) \
    do { int failed = (call); if (failed) { puts(NAME_error(failed)); return failed; } } while (0)
"""


def variable(name: str, dtype: str, *shape: int | None) -> Variable:
    return Variable(tensor_type(dtype, shape), name=name)


def run(exported: Exported, main: str, *flags: str) -> list[str]:
    """The lines that a C program prints: `main` is the body of its main function."""
    folder, name = exported.source.parent, exported.source.stem
    program = f'#include "{name}.h"\n{PRINT.replace("NAME", name)}\n{main}\n'
    (folder / "main.c").write_text(program)
    command = [C_COMPILER, *WARNINGS, *SANITIZERS, *flags, f"{name}.c", "main.c", "-o", "program"]
    built = subprocess.run([*command, "-lm"], cwd=folder, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    ran = subprocess.run([folder / "program"], capture_output=True, text=True)
    assert ran.stderr == ""
    return ran.stdout.splitlines()


def definitions(arrays: dict[str, np.ndarray]) -> str:
    return "\n".join(line for name, a in arrays.items() for line in static_array(name, a))


def check(folder: Path, graph: Graph, values: Sequence[np.ndarray], *flags: str) -> None:
    """Export a graph of float arrays, call it from C with `values`, and compare with the reference."""
    exported = export(graph, "compute", folder)
    arguments = []
    for number, (v, value) in enumerate(zip(graph.inputs, values, strict=True)):
        lengths = [str(n) for n, known in zip(value.shape, v.type.shape, strict=True) if known is None]
        arguments += [f"in_{number}" if v.ndim else f"in_{number}[0]", *lengths]
    wanted = evaluate(graph, list(values))
    results = [
        f"static {'float' if a.dtype == 'float32' else 'double'} out_{k}[{a.size}];" for k, a in enumerate(wanted)
    ]
    arguments += [f"out_{k}" for k in range(len(wanted))]
    body = [f"CHECK(compute({', '.join(arguments)}));", *(f"FLOATS(out_{k}, {a.size});" for k, a in enumerate(wanted))]
    arrays = definitions({f"in_{k}": a for k, a in enumerate(values)})
    main = "\n".join([arrays, *results, "int main(void)", "{", *body, "return 0;", "}"])
    for line, a in zip(run(exported, main, *flags), wanted, strict=True):
        tolerance = 1e-5 if a.dtype == "float32" else 1e-12
        np.testing.assert_allclose(np.array(line.split(), float).reshape(a.shape), a, rtol=tolerance, atol=tolerance)


def logistic() -> tuple[Graph, list[np.ndarray]]:
    """Prediction, loss and gradient of a logistic regression."""
    x, y = variable("x", "float64", None, 3), variable("y", "float64", None)
    w, b = variable("w", "float64", 3), variable("b", "float64")
    score = F.dot(x, w) + b
    loss, residual = F.mean(F.softplus(score) - y * score), F.sigmoid(score) - y
    rng = np.random.default_rng(0)
    values = [rng.normal(size=(5, 3)), rng.integers(0, 2, 5).astype(float), rng.normal(size=3), np.array(0.5)]
    return Graph([x, y, w, b], [F.sigmoid(score), loss, F.dot(residual, x) / y.shape[0], F.mean(residual)]), values


def softmax() -> tuple[Graph, list[np.ndarray]]:
    x = variable("x", "float32", None, None)
    return Graph([x], [F.softmax(x, axis=1)]), [np.random.default_rng(0).normal(size=(4, 6)).astype("float32")]


def product() -> tuple[Graph, list[np.ndarray]]:
    a, b = variable("a", "float32", None, None), variable("b", "float32", None, 4)
    rng = np.random.default_rng(0)
    values = [rng.normal(size=shape).astype("float32") for shape in ((5, 3), (3, 4))]
    return Graph([a, b], [F.tanh(F.dot(a, b)), F.sum(a, axis=0)]), values


def constants(count: int) -> tuple[Graph, list[np.ndarray]]:
    x, table = variable("x", "float64", count), np.linspace(-1, 1, count)
    return Graph([x], [x * table, x + np.where(table > 0, np.inf, table)]), [np.arange(count, dtype=float)]


def names() -> tuple[Graph, list[np.ndarray]]:
    """Inputs that are called what C or the exported file needs for itself."""
    words = ["exp", "double", "call", "state", "compute", "memcpy", "results", "code"]
    inputs = [variable(word, "float64", None) for word in words]
    total = inputs[0]
    for v in inputs[1:]:
        total = F.exp(total) * v
    return Graph(inputs, [total]), [np.full(2, 0.1 + k / 100) for k in range(len(words))]


GRAPHS = {
    "logistic": logistic(), "softmax": softmax(), "product": product(), "constants": constants(5),
    "many constants": constants(2000), "names": names(),
}  # fmt: skip


@pytest.mark.parametrize("name", GRAPHS)
def test_results_are_the_reference_s(tmp_path, name):
    check(tmp_path, *GRAPHS[name], "-DCOMPUTE_NO_BLAS")


def test_a_library_multiplies_matrices(tmp_path):
    openblas = pytest.importorskip("scipy_openblas32")
    folder = openblas.get_lib_dir()
    flags = ["-Dcblas_sgemm=scipy_cblas_sgemm", f"-L{folder}", f"-Wl,-rpath,{folder}"]
    graph, values = product()
    check(tmp_path, graph, values, *flags, "-Wl,--no-as-needed", f"-l{openblas.get_library()}")


def test_a_library_solves_equations(tmp_path):
    openblas = pytest.importorskip("scipy_openblas32")
    folder = openblas.get_lib_dir()
    x, b = variable("x", "float64", None, None), variable("b", "float64", None)
    a = F.dot(x, x.T) + F.eye(x.shape[0])
    factors = [linalg.cholesky(a), linalg.svdvals(x), linalg.qr(x, "r"), linalg.eigvalsh(a)]
    graph = Graph([x, b], [linalg.solve(a, b), linalg.slogdet(a)[1], *factors, F.sum(F.real(linalg.eigvals(a)))])
    rng = np.random.default_rng(0)
    exported = export(graph, "compute", tmp_path)
    assert exported.libraries == ("-llapack", "-lblas", "-lcblas", "-lm")
    assert "any LAPACK" in exported.header.read_text()
    names = ("dpotrf", "dgetrf", "dtrsv", "dtrsm", "dgesdd", "dgelqf", "dorglq", "dsyevd", "dgeev")
    flags = [f"-D{name}_=scipy_{name}_" for name in names] + ["-Dcblas_dgemm=scipy_cblas_dgemm", f"-L{folder}"]
    flags += [f"-Wl,-rpath,{folder}", "-Wl,--no-as-needed", f"-l{openblas.get_library()}"]
    check(tmp_path, graph, [rng.normal(size=(4, 6)), rng.normal(size=4)], *flags)


def test_threads(tmp_path):
    graph, values = softmax()
    check(tmp_path, graph, values, "-fopenmp", "-DCOMPUTE_THREADS=2")


def test_a_state_lives_from_call_to_call(tmp_path):
    """Steps of momentum: both shared variables move, and the loss is that of the old ones."""
    x, w, v = variable("x", "float64", None, 3), variable("w", "float64", 3), variable("v", "float64", 3)
    residual = F.dot(x, w) - 1
    loss, gradient = F.sum(F.square(residual)), 2 * F.dot(residual, x)
    new_v = 0.5 * v - 0.01 * gradient
    graph = Graph([x, w, v], [loss, w + new_v, new_v])
    start = [np.array([1.0, -1.0, 0.5]), np.zeros(3)]
    exported = export(graph, "step", tmp_path, cells=[[a] for a in start], updates={1: 0, 2: 1})
    rows = np.random.default_rng(0).normal(size=(4, 3))
    main = f"""{definitions({"rows": rows})}
    int main(void)
    {{
        static step_state state;
        step_start(&state);
        for (int k = 0; k < 3; k++) {{
            double loss;
            CHECK(step(&state, rows, 4, &loss));
            FLOATS(&loss, 1);
        }}
        FLOATS(state.w, 3);
        FLOATS(state.v, 3);
        return 0;
    }}"""
    lines = [np.array(line.split(), float) for line in run(exported, main, "-DSTEP_NO_BLAS")]
    w_value, v_value = start
    for line in lines[:3]:
        wanted, w_value, v_value = evaluate(graph, [rows, w_value, v_value])
        np.testing.assert_allclose(line, [wanted], rtol=1e-12)
    np.testing.assert_allclose(lines[3], w_value, rtol=1e-12)
    np.testing.assert_allclose(lines[4], v_value, rtol=1e-12)


def test_a_state_that_is_only_read(tmp_path):
    x, w = variable("x", "float32", None), variable("w", "float32", 2000)
    exported = export(Graph([x, w], [x * F.sum(w)]), "scale", tmp_path, cells=[[np.ones(2000, "float32")]])
    assert "int scale(const scale_state *state, const float *x, int64_t x_0, float *result_0);" in (
        exported.header.read_text()
    )
    assert (tmp_path / "scale_data.h").exists()
    main = """int main(void)
    {
        static scale_state state;
        float x[] = {1, 2}, y[2];
        scale_start(&state);
        CHECK(scale(&state, x, 2, y));
        FLOATS(y, 2);
        return 0;
    }"""
    assert run(exported, main) == ["2000 4000 "]


def test_lengths_of_results(tmp_path):
    a, b = variable("a", "float64", None, 2), variable("b", "float64", None, 2)
    exported = export(Graph([a, b], [F.concatenate([a, b]), F.reshape(a, (-1,)), F.sum(b)]), "join", tmp_path)
    main = """int main(void)
    {
        int64_t joined[2], flat[1];
        join_lengths(3, 4, joined, flat);
        WHOLES(joined, 2);
        WHOLES(flat, 1);
        return 0;
    }"""
    assert run(exported, main) == ["7 2 ", "6 "]


def test_results_whose_length_depends_on_values_are_allocated(tmp_path):
    x = variable("x", "float64", None)
    exported = export(Graph([x], [*F.nonzero(x), F.sum(x)]), "find", tmp_path)
    main = """int main(void)
    {
        double x[] = {0, 3, 0, 2}, total;
        int64_t *places, count[1];
        for (int64_t n = 4; n >= 0; n -= 4) {
            CHECK(find(x, n, &places, count, &total));
            WHOLES(count, 1);
            WHOLES(places, count[0]);
            free(places);
        }
        return 0;
    }"""
    assert run(exported, main) == ["2 ", "1 3 ", "0 ", ""]


def test_other_dtypes(tmp_path):
    z, flags, n = variable("z", "complex64", None), variable("flags", "bool", None), variable("n", "int8")
    factors = np.array([1 + 2j, 3 - 4j], "complex64")
    exported = export(Graph([z, flags, n], [z * factors, F.logical_not(flags), n + np.int8(1)]), "mixed", tmp_path)
    main = """int main(void)
    {
        float _Complex z[] = {1, 2}, product[2];
        uint8_t flags[] = {1, 0}, other[2];
        int8_t next;
        CHECK(mixed(z, 2, flags, 2, 127, product, other, &next));
        FLOATS((float *)product, 4);
        WHOLES(other, 2);
        WHOLES(&next, 1);
        return 0;
    }"""
    assert run(exported, main) == ["1 2 6 -8 ", "0 1 ", "-128 "]


def test_errors_have_codes_and_texts(tmp_path):
    a, b = variable("a", "float64", None), variable("b", "float64", None)
    exported = export(Graph([a, b], [a + b]), "plus", tmp_path)
    main = """int main(void)
    {
        double x[3] = {0}, y[3];
        puts(plus_error(0));
        puts(plus_error(-1));
        puts(plus_error(77));
        return plus(x, 2, x, 3, y) ? puts(plus_error(plus(x, 2, x, 3, y))) < 0 : 1;
    }"""
    lines = run(exported, main)
    assert lines[:3] == ["no error", "there is not enough memory", "an unknown error code"]
    assert lines[3] == "add: axis 0 has length ? in one operand and ? in another"


def test_memory_that_runs_out(tmp_path):
    x = variable("x", "float64", None)
    exported = export(Graph([x], [*F.nonzero(x)]), "find", tmp_path)
    main = """void *none(size_t bytes) { (void)bytes; return 0; }
    int main(void)
    {
        double x[] = {1};
        int64_t *places, count[1];
        CHECK(find(x, 1, &places, count));
        return 0;
    }"""
    declared = "-DFIND_MALLOC=none"
    (tmp_path / "none.h").write_text("#include <stddef.h>\nvoid *none(size_t bytes);\n")
    assert run(exported, main, declared, "-include", "none.h") == ["there is not enough memory"]


def test_two_functions_in_one_program(tmp_path):
    x = variable("x", "float64", None)
    first = export(Graph([x], [F.exp(x)]), "first", tmp_path)
    export(Graph([x], [F.log(x)]), "second", tmp_path)
    main = """
    #include "second.h"
    int main(void)
    {
        double x[] = {2}, y[1], z[1];
        CHECK(first(x, 1, y));
        CHECK(second(y, 1, z));
        FLOATS(z, 1);
        return 0;
    }"""
    assert run(first, main, "second.c") == ["2 "]


def test_the_command_and_the_makefile_work(tmp_path):
    exported = export(*GRAPHS["softmax"][:1], "soft", tmp_path)
    subprocess.run([C_COMPILER, *exported.command.split()[1:]], cwd=tmp_path, check=True)
    assert exported.libraries == ("-lm",)
    assert exported.command in exported.header.read_text()
    make = shutil.which("make")
    if make is None:
        pytest.skip("there is no make")
    (tmp_path / "soft.o").unlink()
    subprocess.run([make, "-f", "soft.mk", f"CC={C_COMPILER}"], cwd=tmp_path, check=True, capture_output=True)
    assert (tmp_path / "soft.o").exists()


@pytest.mark.parametrize("name", ["exp", "double", "two words", "ä", "", "bitale_run", "1st"])
def test_names_that_c_refuses(tmp_path, name):
    x = variable("x", "float64")
    with pytest.raises(ExportError, match="cannot be the name of a C function"):
        export(Graph([x], [x]), name, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_state_cannot_grow(tmp_path):
    x, w = variable("x", "float64", None), variable("w", "float64", None)
    with pytest.raises(ExportError, match="the update of `w` may change its shape"):
        export(Graph([x, w], [F.concatenate([w, x])]), "grow", tmp_path, cells=[[np.zeros(2)]], updates={0: 0})


def test_states_that_swap(tmp_path):
    a, b = variable("a", "int32", 2), variable("b", "int32", 2)
    cells = [[np.array(values, "int32")] for values in ((1, 2), (3, 4))]
    exported = export(Graph([a, b], [b, a]), "swap", tmp_path, cells=cells, updates={0: 0, 1: 1})
    main = """int main(void)
    {
        swap_state state;
        swap_start(&state);
        CHECK(swap(&state));
        WHOLES(state.a, 2);
        WHOLES(state.b, 2);
        return 0;
    }"""
    assert run(exported, main) == ["3 4 ", "1 2 "]


def test_files_of_the_user_s_are_shown_without_their_folders(tmp_path):
    x, y = variable("x", "float64", None), variable("y", "float64", None)
    written = export(Graph([x, y], [F.exp(x) + y]), "compute", tmp_path)
    text = "".join(file.read_text() for file in (written.source, written.header, written.makefile))
    assert "test_export.py:" in text
    assert str(Path(__file__).parent) not in text and str(tmp_path) not in text


def test_procedures_are_static_functions(tmp_path):
    x, w = variable("x", "float64", None), variable("w", "float64", None, None)
    layer = from_graph([x, w], F.tanh(w @ x) * np.arange(1.0, 4.0), name="layer")
    check(tmp_path, Graph([x, w], [layer(layer(x, w), w)]), [np.arange(3.0), np.ones((3, 3)) / 3])
    assert "int32_t layer(bitale_call" in (tmp_path / "compute.c").read_text()

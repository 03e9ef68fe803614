"""config: values that are checked, first ones from the environment, blocks that restore them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import bitale as bt
import bitale.tensor as T
from bitale.config import SETTINGS, Config
from bitale_backend_c import shim
from bitale_backend_c.settings import settings
from bitale_rewrite.phases import PHASES

ACCEPTED = [
    ("floatX", "float32", "float32"),
    ("mode", "numpy", "numpy"),
    ("on_unused_input", "warn", "warn"),
    ("preserves", {"bits"}, frozenset({"bits"})),
    ("check_graphs", True, True),
    ("device", "cuda:1", 1),
    ("tf32", True, True),
    ("threads", 2, 2),
    ("compiler", "clang", "clang"),
    ("effort", 0, 0),
    ("flags", "-g", "-g"),
    ("cache_dir", "/tmp/somewhere", Path("/tmp/somewhere")),
    ("cache_bytes", 10**9, 10**9),
    ("pool_bytes", 10**8, 10**8),
]

REFUSED = [
    ("floatX", "int8", "wanted one of float16, bfloat16, float32, float64"),
    ("mode", "fast", "wanted one of c, numpy, compare, nan_guard"),
    ("on_unused_input", "moan", "wanted one of raise, warn, ignore"),
    ("preserves", {"speed"}, "wanted one of bits, reals, domain"),
    ("check_graphs", "perhaps", "wanted True or False"),
    ("device", "tpu", "wanted \"cuda\", \"cuda:1\" or the number of a GPU"),
    ("threads", 0, "wanted a whole number from 1 on"),
    ("threads", 1.5, "wanted a whole number from 1 on"),
    ("effort", 3, "wanted a whole number from 0 to 2"),
    ("cache_bytes", "much", "invalid literal"),
    ("compiler", 3, "wanted a text"),
]


def test_every_setting_is_tried_below():
    assert {name for name, _, _ in ACCEPTED} == set(SETTINGS)


@pytest.mark.parametrize(("name", "value", "read"), ACCEPTED)
def test_a_setting_holds_for_a_block(name, value, read):
    before = getattr(bt.config, name)
    with bt.config.set(**{name: value}):
        assert getattr(bt.config, name) == read
    assert getattr(bt.config, name) == before


@pytest.mark.parametrize(("name", "value", "message"), REFUSED)
def test_a_value_that_makes_no_sense_is_refused(name, value, message):
    before = getattr(bt.config, name)
    with pytest.raises(bt.ConfigError, match=rf"config\.{name} = .*: {message}"):
        setattr(bt.config, name, value)
    assert getattr(bt.config, name) == before


def test_unknown_settings_are_errors_that_list_the_known_ones():
    for use in (lambda: bt.config.speed, lambda: setattr(bt.config, "speed", 1)):
        with pytest.raises(AttributeError, match=r"config has no setting 'speed'; it has floatX, mode"):
            use()
    with pytest.raises(ValueError, match="no setting 'speed'"), bt.config.set(floatX="float32", speed=1):
        pass
    assert bt.config.floatX == "float64"


def test_first_values_come_from_the_environment():
    made = Config({"BITALE_FLOATX": "float32", "BITALE_CHECK_GRAPHS": "1", "BITALE_PRESERVES": "bits,domain"})
    assert (made.floatX, made.check_graphs, made.preserves) == ("float32", True, {"bits", "domain"})
    assert (made.mode, made.on_unused_input) == ("c", "raise")
    with pytest.raises(ValueError, match=r"BITALE_MODE = 'fast': wanted one of c"):
        Config({"BITALE_MODE": "fast"})


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "bitale" / "config.toml"
    path.parent.mkdir()

    def write(*lines: str) -> Path:
        path.write_text("\n".join(lines))
        return path

    return write


def test_first_values_come_from_a_file(file):
    path = file("# my settings", 'floatX = "float32"', 'preserves = ["bits"]', "check_graphs = true")
    for environment in ({"BITALE_CONFIG": str(path)}, {"XDG_CONFIG_HOME": str(path.parent.parent)}):
        made = Config(environment)
        assert (made.floatX, made.preserves, made.check_graphs, made.mode) == ("float32", {"bits"}, True, "c")


def test_a_variable_counts_for_more_than_the_file_and_flags_for_most(file):
    environment = {"BITALE_CONFIG": str(file('floatX = "float32"', 'mode = "numpy"', 'on_unused_input = "warn"'))}
    environment |= {"BITALE_MODE": "compare", "BITALE_ON_UNUSED_INPUT": "ignore"}
    environment["BITALE_FLAGS"] = "on_unused_input=raise, preserves='bits,reals'"
    made = Config(environment)
    assert (made.floatX, made.mode, made.on_unused_input) == ("float32", "compare", "raise")
    assert made.preserves == {"bits", "reals"}


@pytest.mark.parametrize("lines, message", [
    (["mode = 'c'", "", "speed = 1"], "config.toml, line 3: speed: config has no setting 'speed'; it has floatX"),
    (["mode = 'fast'"], "config.toml, line 1: mode = 'fast': wanted one of c"),
    (["mode = ?", ""], r"config.toml: Invalid value \(at line 1, column 8\)"),
    (["[threads]", "n = 2"], r"config.toml, line 1: threads = \{'n': 2\}:"),
])  # fmt: skip
def test_errors_name_the_file_and_the_line(file, lines, message):
    with pytest.raises(bt.ConfigError, match=message):
        Config({"BITALE_CONFIG": str(file(*lines))})


@pytest.mark.parametrize("flags, message", [
    ("speed=1", "BITALE_FLAGS: speed: config has no setting 'speed'"),
    ("mode=fast", "BITALE_FLAGS: mode = 'fast': wanted one of c"),
    ("numpy", "BITALE_FLAGS: 'numpy' is not of the form name=value"),
])  # fmt: skip
def test_errors_name_the_flag(flags, message):
    with pytest.raises(bt.ConfigError, match=message):
        Config({"BITALE_FLAGS": flags})


def test_a_file_that_is_named_has_to_be_there(tmp_path):
    with pytest.raises(bt.ConfigError, match=r"No such file.*nowhere\.toml"):
        Config({"BITALE_CONFIG": str(tmp_path / "nowhere.toml")})


def test_the_file_sets_up_the_compiler(file, monkeypatch):
    monkeypatch.setattr(settings, "threads", 1)
    monkeypatch.setattr(settings, "effort", 1)
    Config({"BITALE_CONFIG": str(file("threads = 2", "effort = 0")), "BITALE_EFFORT": "1"})
    assert (settings.threads, settings.effort) == (2, 1)


def test_the_compiler_gets_its_settings():
    with bt.config.set(threads=3, effort=2):
        assert (settings.threads, settings.effort) == (3, 2)


def test_the_pool_takes_its_limit_at_once():
    with bt.config.set(pool_bytes=123_456):
        assert shim.load().pool_statistics()["limit"] == 123_456
    assert shim.load().pool_statistics()["limit"] == bt.config.pool_bytes


def test_settings_print_with_their_meanings():
    lines = repr(bt.config).splitlines()
    assert len(lines) == len(SETTINGS) == len(dir(bt.config)) - 1
    assert "mode = 'c'  # how functions run: c, cuda, numpy, compare, nan_guard or cuda_nan_guard" in lines


def test_the_default_float_is_that_of_inputs_of_new_arrays_and_of_shared_python_floats():
    with bt.config.set(floatX="float32"):
        made = [T.matrix(), T.zeros(3), T.ones((2, 2)), T.eye(3), T.one_hot([1], 2), bt.shared(0.5), bt.shared([0.5])]
        assert {v.dtype for v in made} == {"float32"}
        assert T.dmatrix().dtype == "float64"


def test_a_function_keeps_the_settings_it_was_made_under():
    x = T.vector("x")
    with bt.config.set(mode="numpy"):
        f = bt.function([x], x + 1)
    assert (f.mode, f.copy().mode) == ("numpy", "numpy")


def test_domain_rules_have_to_be_asked_for():
    x = T.vector("x")
    careful = bt.function([x], x * 0)
    with bt.config.set(preserves={"bits", "reals", "domain"}):
        careless = bt.function([x], x * 0)
    nan = [float("nan")]
    assert repr(careful(nan)[0]) == "np.float64(nan)"
    assert careless(nan)[0] == 0


def test_graphs_are_verified_between_all_stages(monkeypatch):
    seen = []
    monkeypatch.setattr(sys.modules["bitale_backend_c.compile"], "verify", lambda graph: seen.append(graph) or graph)
    with bt.config.set(check_graphs=True):
        bt.function([], T.constant(1.0) + 1)
    assert len(seen) == len(PHASES) + 1

"""Options of the test suite: pytest --update-golden writes the generated C anew instead of comparing with it, and
--device cuda runs generated CUDA on a GPU instead of the emulation.
"""

from __future__ import annotations

import os

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write tests/golden/generated anew")
    parser.addoption("--device", help="run what the CUDA backend compiles on a GPU, such as cuda or cuda:1")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--device"):
        os.environ["BITALE_TEST_DEVICE"] = config.getoption("--device")


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update-golden"))

"""The README tells the truth: its program runs and prints what it says, its commands and links exist."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib

from tests.architecture.workspace import ROOT

README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    """The fenced blocks in a language, in their order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def test_the_program_prints_what_the_readme_says():
    program, printed = blocks("python")[0], blocks("text")[0]
    run = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True)
    assert run.stderr == ""
    assert run.stdout == printed


def test_the_program_is_short():
    assert len(blocks("python")[0].splitlines()) <= 12


def test_the_commands_exist():
    environments = tomllib.loads((ROOT / "hatch.toml").read_text())["envs"]
    commands = re.findall(r"hatch run (?:\+py=\S+ )?(?:([\w-]+):)?([\w-]+)", README)
    assert ("", "demo") in commands and ("", "test") in commands
    for environment, script in commands:
        scripts = environments[environment or "default"].get("scripts", {})
        assert script in scripts or script in environments["default"]["scripts"], f"hatch run {script}"


def test_the_links_lead_somewhere():
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", README)
    assert targets and [target for target in targets if not (ROOT / target).exists()] == []

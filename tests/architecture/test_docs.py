"""The documentation tells the truth: its blocks run from top to bottom and print what it says, its links exist.

A `python` block is run; the `text` block right after it is what it prints. A `c` block is a file that its first line
names. A `console` block holds commands after `$`, each with what it prints, and runs where there is `cc`. `...` stands
for anything.
"""

from __future__ import annotations

import doctest
import io
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.architecture.workspace import PACKAGES, ROOT

READMES = [package.path / "README.md" for package in PACKAGES]
DOCUMENTS = {str(path.relative_to(ROOT)): path for path in [*sorted((ROOT / "docs").glob("*.md")), *READMES]}
WITHOUT_EXAMPLE = ("docs/README.md", "packages/frontend/README.md")
FENCE = re.compile(r"^```(python|text|c|console)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    language: str
    text: str
    line: int  # that its first line has in the document
    printed: str  # what the text block right after it says


def blocks(document: str) -> Iterator[Block]:
    """The blocks of a document, except those that only say what the one before prints."""
    found = list(FENCE.finditer(document))
    for number, place in enumerate(found):
        follower = found[number + 1] if number + 1 < len(found) else None
        adjacent = follower is not None and not document[place.end() : follower.start()].strip()
        printed = follower[2] if follower is not None and adjacent and follower[1] == "text" else ""
        if place[1] != "text":
            yield Block(place[1], place[2], document.count("\n", 0, place.start()) + 2, printed)


def agree(wanted: str, printed: str) -> None:
    """`...` in `wanted` stands for anything."""
    assert doctest.OutputChecker().check_output(wanted, printed, doctest.ELLIPSIS), f"{printed}\ninstead of\n{wanted}"


def run_console(text: str) -> None:
    for session in re.findall(r"^\$ (.*\n(?:(?!\$ ).*\n)*)", text, re.MULTILINE):
        command, wanted = session.split("\n", 1)
        ran = subprocess.run(command, shell=True, capture_output=True, text=True)
        assert ran.returncode == 0 and ran.stderr == "", ran.stderr
        agree(wanted, ran.stdout)


@pytest.mark.parametrize("name", [name for name in DOCUMENTS if name not in WITHOUT_EXAMPLE])
def test_the_blocks_do_what_the_document_says(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    document = DOCUMENTS[name]
    variables = {"__name__": "__main__"}
    found = list(blocks(document.read_text()))
    assert any(block.language == "python" for block in found)
    for block in found:
        if block.language == "python":
            code = compile("\n" * (block.line - 1) + block.text, document.name, "exec")
            printed = io.StringIO()
            with redirect_stdout(printed):
                exec(code, variables)
            agree(block.printed, printed.getvalue())
        elif block.language == "c":
            Path(block.text.split()[1]).write_text(block.text)
        elif shutil.which("cc"):
            run_console(block.text)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_links_lead_somewhere(name):
    document = DOCUMENTS[name]
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text())
    assert targets and [target for target in targets if not (document.parent / target).exists()] == []

"""What the architecture tests know of the repository: its root, its packages, and their files."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Package:
    """One folder of packages/."""

    folder: str
    import_name: str

    @property
    def path(self) -> Path:
        return ROOT / "packages" / self.folder

    @property
    def source(self) -> Path:
        return self.path / "src" / self.import_name

    @property
    def project(self) -> dict[str, Any]:
        """The [project] table of its pyproject.toml."""
        return tomllib.loads((self.path / "pyproject.toml").read_text())["project"]

    def modules(self) -> Iterator[tuple[str, Path]]:
        """The dotted name and the file of each of its modules."""
        for path in sorted(self.source.rglob("*.py")):
            parts = path.relative_to(self.source.parent).with_suffix("").parts
            yield ".".join(parts).removesuffix(".__init__"), path


PACKAGES = (
    Package("graph", "bitale_graph"),
    Package("autodiff", "bitale_autodiff"),
    Package("rewrite", "bitale_rewrite"),
    Package("backend-c", "bitale_backend_c"),
    Package("backend-cuda", "bitale_backend_cuda"),
    Package("frontend", "bitale"),
)

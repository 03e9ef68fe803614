"""The parent's side of a worker process."""

from __future__ import annotations

import json
import select
import subprocess
from pathlib import Path
from typing import IO, Any

from benchmarks.environment import interpreter, variables


class WorkerLost(Exception):
    """The worker died or did not answer in time."""


class Worker:
    """One library in a process of its own, started at the first question and again after it was lost."""

    def __init__(self, library: str, threads: int, cache: Path, log: IO[str]) -> None:
        self._command = [interpreter(library), "-m", "benchmarks.worker", library, str(threads)]
        self._environment, self._log = variables(threads, cache), log
        self._process: subprocess.Popen[str] | None = None
        self.missing: str | None = None

    def ask(self, do: str, timeout: float = 120.0, **request: Any) -> dict[str, Any]:
        """The worker's answer. Raises WorkerLost; the next question starts a fresh process."""
        if self._process is None:
            self._start()
        if self.missing is not None:
            return {"status": "failed", "detail": self.missing}
        assert self._process is not None and self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps({"do": do, **request}) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            self._lose("it had ended")
        return self._read(timeout)

    def _start(self) -> None:
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            env=self._environment,
        )
        hello = self._read(120.0)
        if hello["status"] != "ok":
            self.missing = hello["detail"]

    def _read(self, timeout: float) -> dict[str, Any]:
        assert self._process is not None and self._process.stdout is not None
        if not select.select([self._process.stdout], [], [], timeout)[0]:
            self._lose(f"no answer in {timeout:.0f} s")
        line = self._process.stdout.readline()
        if not line:
            self._lose(f"it ended with status {self._process.wait()}")
        return json.loads(line)

    def _lose(self, reason: str) -> None:
        self.close()
        raise WorkerLost(reason)

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

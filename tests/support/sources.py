"""The project's own source files, for tests that read code."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
SERVICES: Final = ("intake", "scoring", "notifier", "portal_gateway")


@dataclass(frozen=True, slots=True)
class Module:
    """One Python file: where it stands and what it says."""

    path: Path
    tree: ast.Module

    @property
    def name(self) -> str:
        """The path from the project's root, for messages."""
        return self.path.relative_to(ROOT).as_posix()

    @property
    def package(self) -> str:
        """The import package it belongs to."""
        return self.parts[0]

    @property
    def parts(self) -> tuple[str, ...]:
        """The path inside ``src``, e.g. ``("intake", "domain", "ledger.py")``."""
        parts = self.path.relative_to(ROOT).parts
        return parts[parts.index("src") + 1 :]

    def at(self, node: ast.AST) -> str:
        """A place for people and editors."""
        return f"{self.name}:{getattr(node, 'lineno', 1)}"


def modules(*folders: str) -> Iterator[Module]:
    """Every module under ``src`` of the members, e.g. ``modules("services")`` or ``modules("shared/runtime")``."""
    for folder in folders or ("services", "shared"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "src" in path.relative_to(ROOT).parts:
                yield Module(path, ast.parse(path.read_text(encoding="utf-8"), str(path)))


def committed() -> list[Path]:
    """The files that git knows, except those deleted in the work tree; empty where there is no git."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    paths = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    return [path for path in paths if path.is_file()]

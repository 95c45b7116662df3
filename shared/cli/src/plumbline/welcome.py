"""What a person needs once the stack runs: what to open, who to be, what to try."""

from __future__ import annotations

import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from plumbline.demo import USERS
from plumbline.generate.rates import SOURCE, TABLE, write_rates
from plumbline.output import DEFAULT_DATA_DIR, Refused
from plumbline.stack.issuer.registry import user_secret
from plumbline.stack.layout import Layout

_LOADED: Final = "portfolio.loaded"
_SEED: Final = 7
_EDITIONS: Final = 2


def describe(layout: Layout) -> dict[str, Any]:
    """Addresses and sign-ins, no passwords."""
    state = layout.read_state() or {}
    parts = {part["name"]: part for part in state.get("parts", [])}
    return {
        "state": state.get("state"),
        "data_dir": str(layout.root),
        "portal": parts.get("portal-gateway", {}).get("address"),
        "traces": f"{parts['zipkin']['address']}/zipkin/" if "zipkin" in parts else None,
        "sign_ins": [
            {"user": u.user, "role": u.role, "password_file": str(layout.secrets.path(user_secret(u.user)))}
            for u in USERS
        ]
        if "issuer" in parts
        else [],
        "parts": [{key: part[key] for key in ("name", "address", "pid")} for part in parts.values()],
    }


def words(layout: Layout, found: dict[str, Any], *, with_passwords: bool) -> str:
    """The same for people. Passwords are shown once, the first time, and lie in their files afterwards."""
    lines = [""]
    if found["portal"]:
        lines += [f"Portal   {found['portal']}/"]
    if found["traces"]:
        lines += [f"Traces   {found['traces']}"]
    if not found["portal"]:
        lines += [f"{part['name']:<15} {part['address']}" for part in found["parts"]]
    if found["sign_ins"]:
        lines += ["", "Sign in as (demonstration: invented people, organisations and figures)"]
        for sign_in in found["sign_ins"]:
            path = Path(sign_in["password_file"])
            password = path.read_text().strip() if with_passwords else str(path)
            lines.append(f"  {sign_in['user']:<13} {password}")
        where = layout.secrets.folder
        lines.append(f"  Passwords are kept in {where}/user-NAME." if with_passwords else "  (files with passwords)")
    if found["portal"]:
        tries = ("metric M4 --scope global", "explain M4 --scope pillar:P1", "quality --entity XM-DEMO-1")
        lines += ["", "Try", *(f"  {_command()} {words}{_data_dir(layout)}" for words in tries)]
    return "\n".join(lines)


def load_portfolio(layout: Layout, projects: int, tell: Callable[[str], None]) -> None:
    """Publish rates, generate a portfolio and import it, the first time only."""
    mark = layout.root / _LOADED
    if mark.exists():
        return
    with tempfile.TemporaryDirectory(prefix="plumbline-portfolio-") as work:
        rates = Path(work) / "rates.csv"
        write_rates(rates)
        tell("publishing invented exchange rates")
        _run("rates", "load", str(rates), "--table", TABLE, "--source", SOURCE, "--version", f"seed-{_SEED}",
             "--demonstration", "--data-dir", str(layout.root), "--json")  # fmt: skip
        out = Path(work) / "portfolio"
        tell(f"generating a portfolio of {projects} invented projects")
        _run("generate", "--projects", str(projects), "--seed", str(_SEED), "--editions", str(_EDITIONS),
             "--out", str(out), "--quiet")  # fmt: skip
        for edition in sorted(out.glob("edition-*")):
            for entity in sorted(folder for folder in edition.iterdir() if folder.is_dir()):
                tell(f"importing {edition.name} of {entity.name}")
                _run("import", str(entity), "--as", entity.name, "--data-dir", str(layout.root), "--json")
        for judgements in sorted((out / "judgements").iterdir()):
            tell(f"publishing what {judgements.stem} says beside its files")
            _run("publish", str(judgements), "--as", judgements.stem, "--data-dir", str(layout.root), "--json")
    mark.write_text(f"{projects} projects, seed {_SEED}, {_EDITIONS} editions\n")


def _run(*arguments: str) -> None:
    """One of our own commands. Status 1 is findings: a believable portfolio has some, and says so in receipts."""
    done = subprocess.run([sys.executable, "-m", "plumbline", *arguments], capture_output=True, text=True, check=False)
    if done.returncode not in {0, 1} or '"error"' in done.stdout[:10]:
        raise Refused(f"plumbline {arguments[0]} failed: {(done.stderr or done.stdout).strip()[-500:]}")


def _command() -> str:
    beside = Path(sys.executable).with_name("plumbline")
    try:
        return str(beside.relative_to(Path.cwd()))
    except ValueError:
        return "plumbline"


def _data_dir(layout: Layout) -> str:
    usual = layout.root == DEFAULT_DATA_DIR.resolve()
    return "" if usual else f" --data-dir {shlex.quote(str(layout.root))}"

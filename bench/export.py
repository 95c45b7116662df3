"""Files of many projects: how long each form takes, and what memory the gateway needs for it.

Rows are those of ``bench.search``, with M2, M3 and M4 whole, and two indicators of two actuals and a budget line each.
The secretariat takes every project in every form, over HTTP, the files thrown away as they come. Memory is the
gateway's resident set before, and at its highest while the file is made.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final

import httpx
import psutil

from bench import lab
from bench.search import Portfolio, fill
from plumbline.stack import Stack

FORMS: Final = ("csv", "json", "xlsx", "xml")
_WHOLE: Final = """
update figure set data = data || jsonb_build_object('unit', 'µ', 'lower', 100000, 'upper', 900000, 'flags', '[]'::jsonb,
  'coverage', '{"observed": 764, "expected": 1000}'::jsonb, 'valid_as_of', '2026-09-14', 'method_version', '1.0.0',
  'known_as_of', '2026-09-14T09:15:27Z');
insert into indicator (project_id, indicator_id, result_type, result_id, version, title, data)
select p.project_id, 'i' || n, '1', 'r', '1', 'I', jsonb_build_object('project_id', p.project_id, 'indicator_id',
  'i' || n, 'result_type', '1', 'result_id', 'r', 'measure', '1', 'title', jsonb_build_object('en', 'Officers trained'),
  'result_title', jsonb_build_object('en', 'Courts work'), 'baselines', '[{"year": 2023, "value": "0"}]'::jsonb,
  'targets', '[{"period_start": "2024-01-01", "period_end": "2024-12-31", "value": "120"}]'::jsonb)
from project p, generate_series(1, 2) n;
insert into observation (project_id, indicator_id, period_start, period_end, place, ordinal, version, data)
select i.project_id, i.indicator_id, make_date(2023 + n, 1, 1), make_date(2023 + n, 12, 31), '', 1, '1',
  jsonb_build_object('value', '90', 'period', jsonb_build_object('start', (2023 + n) || '-01-01', 'end',
  (2023 + n) || '-12-31'))
from indicator i, generate_series(1, 2) n;
insert into budget (project_id, period_start, period_end, type, version, data)
select project_id, '2024-01-01', '2024-12-31', '1', '1', '{"period_start": "2024-01-01", "period_end": "2024-12-31",
  "type": "1", "status": "1", "amount": "1600000", "currency": "USD", "value_date": "2024-01-01"}'::jsonb from project;
analyze figure, indicator, observation, budget;
"""


class Short(Portfolio):
    """With the figures that files hold."""

    def figures(self) -> Iterator[tuple[str, int | None, dict[str, Any]]]:
        """M2, M3, M4."""
        return (figure for figure in super().figures() if figure[0] in {"M2", "M3", "M4"})


async def _highest(pid: int, found: list[int]) -> None:
    while True:
        found.append(lab.memory(pid))
        await asyncio.sleep(0.05)


async def take(stack: Stack, form: str) -> dict[str, Any]:
    """One file."""
    part = stack.parts["portal-gateway"]
    token = await asyncio.to_thread(stack.tokens.token, "secretariat")
    before, memory = lab.memory(part.pid), list[int]()
    watch = asyncio.create_task(_highest(part.pid, memory))
    cpu = sum(psutil.Process(part.pid).cpu_times()[:2])
    began, first, size = time.perf_counter(), 0.0, 0
    async with (
        httpx.AsyncClient(base_url=part.address, trust_env=False, timeout=1800) as http,
        http.stream(
            "GET", f"/api/v1/projects/export.{form}?sort=title", headers={"Authorization": f"Bearer {token}"}
        ) as answer,
    ):
        answer.raise_for_status()
        async for piece in answer.aiter_bytes():
            first = first or time.perf_counter() - began
            size += len(piece)
    taken = time.perf_counter() - began
    watch.cancel()
    with suppress(asyncio.CancelledError):
        await watch
    cpu = sum(psutil.Process(part.pid).cpu_times()[:2]) - cpu
    return {
        "form": form, "bytes": size, "first_s": first, "s": taken, "cpu_s": cpu, "before": before,
        "highest": max(memory),
    }  # fmt: skip


async def main() -> None:
    """Fill, take each form, and print."""
    parser = lab.arguments((__doc__ or "").splitlines()[0])
    parser.add_argument("--projects", type=int, default=100_000)
    told = parser.parse_args()
    async with lab.laboratory(viewer=told.viewer) as stack:
        await lab.start_services(stack, "portal-gateway")
        await lab.stop_services(stack, "portal-gateway")
        await fill(stack, Short(7), told.projects)
        async with lab.connection(stack, "portal_gateway") as db:
            for statement in _WHOLE.split(";\n"):
                if statement.strip():
                    await db.execute(statement, timeout=1800)
        await lab.start_services(stack, "portal-gateway")
        address = f"{stack.parts['portal-gateway'].address}/api/v1/projects?limit=1"
        token = await asyncio.to_thread(stack.tokens.token, "secretariat")
        async with httpx.AsyncClient(trust_env=False, timeout=120) as http:

            async def ready() -> bool:
                answer = await http.get(address, headers={"Authorization": f"Bearer {token}"})
                return answer.status_code == httpx.codes.OK

            await lab.until(ready, "the index", every=0.5)
        rows = []
        for form in FORMS:
            rows.append(await take(stack, form))
            lab.say(str(rows[-1]))
    lab.table(
        ["form", "MB", "first byte s", "s", "CPU s", "memory before MiB", "highest MiB"],
        [
            [
                r["form"], r["bytes"] / 1e6, r["first_s"], r["s"], r["cpu_s"], r["before"] / 2**20, r["highest"] / 2**20
            ]
            for r in rows
        ],
    )  # fmt: skip
    lab.keep(told.json, {"export": rows})


if __name__ == "__main__":
    asyncio.run(main())

"""Search over many projects: the REST list with every facet's counts, by kind of question.

Rows are put straight into the gateway's read model, as its consumers would leave them: entities, countries, themes and
words by Zipf's law, three texts in four English, the others Chinese, Arabic, Russian or French, one project in ten not
public. Then a reader of each kind asks, one question after the other, over HTTP on one connection, after a warm-up of
each kind. The ceiling is a bare ``select count(*) from project`` under the same reader's rights, in the
same run. Beside the clock stands the gateway's own processor time a question, which a busy machine changes less.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import random
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import httpx
import orjson
import psutil

from bench import lab
from plumbline.stack import Stack
from portal_gateway import places
from portal_gateway.domain.search import folding
from runtime.access import Principal
from runtime.db import Database

READERS: Final = ("donor", "secretariat", "member-state")
_BEGIN: Final = datetime(2026, 1, 1, tzinfo=UTC)
_BATCH: Final = 5000
_WORDS: Final = 60_000
_GRADES: Final = ("A", "B", "C", "D", "missing")
_PACES: Final = ("ON_TRACK", "ACCELERATE", "LIMITED", "REGRESSING", "NO_DATA", "TOO_EARLY")
_BANDS: Final = ("LOW", "MEDIUM", "HIGH", "VERY_HIGH", None)


def arguments() -> argparse.Namespace:
    """What can be told."""
    parser = lab.arguments(__doc__.splitlines()[0])
    parser.add_argument("--projects", type=int, default=100_000)
    parser.add_argument("--questions", type=int, default=40, help="of each kind, divided over the readers")
    parser.add_argument("--seed", type=int, default=7)
    return parser.parse_args()


class Portfolio:
    """Invented projects; the n-th is the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self.rng = rng = random.Random(seed)
        parts = [
            "tra",
            "ning",
            "bor",
            "der",
            "ju",
            "di",
            "cial",
            "po",
            "lice",
            "re",
            "form",
            "youth",
            "ven",
            "ta",
            "mi",
        ]
        latin = ["".join(rng.choices(parts, k=rng.randint(2, 4))) for _ in range(_WORDS)]
        self.words = {
            "en": latin,
            "fr": [word + "é" for word in latin[:10_000]],
            "ru": ["".join(rng.choices("оеаинтсрвлкмдпу", k=rng.randint(4, 9))) for _ in range(10_000)],
            "ar": ["ال" + "".join(rng.choices("ابتدرسعفقلمنهوي", k=rng.randint(3, 6))) for _ in range(10_000)],
            "zh": [
                "".join(rng.choices("的一是在不了有和人这中大为上个国我以要他培训司法边境", k=2)) for _ in range(3_000)
            ],
        }
        self._zipf = {lang: _zipf(len(words)) for lang, words in self.words.items()}
        self.entities = [f"XM-BENCH-{n}" for n in range(60)]
        self.countries = sorted(places.countries())
        self.themes = [f"THEME-{n}" for n in range(40)]
        self._few = {len(some): _zipf(len(some)) for some in (self.entities, self.countries, self.themes)}

    def some(self, lang: str, k: int) -> list[str]:
        """Words of a language, common ones more often."""
        return self.rng.choices(self.words[lang], cum_weights=self._zipf[lang], k=k)

    def one(self, values: list[str]) -> str:
        """A value, the first ones more often."""
        return self.rng.choices(values, cum_weights=self._few[len(values)])[0]

    def project(self, n: int) -> dict[str, Any]:
        """One project as ``ProjectState`` says it."""
        rng = self.rng
        lang = rng.choices(("en", "fr", "ru", "ar", "zh"), (75, 10, 5, 5, 5))[0]
        glue = "" if lang == "zh" else " "
        start = date(2015, 1, 1) + timedelta(days=rng.randrange(4000))
        chosen = {self.one(self.countries) for _ in range(rng.choice((1, 1, 1, 2, 3)))}
        return {
            "project_id": f"XM-BENCH-{n:07d}",
            "entity": self.one(self.entities),
            "title": {lang: glue.join(self.some(lang, 7))},
            "description": {lang: glue.join(self.some(lang, 60))},
            "status": rng.choices("123456", (8, 50, 8, 26, 2, 6))[0],
            "dates": {
                "actual_start": start.isoformat(),
                "planned_end": str(start + timedelta(days=rng.randrange(2000))),
            },
            "allocations": [
                *({"dim": "COUNTRY", "code": code, "ppm": 1_000_000 // len(chosen)} for code in chosen),
                {"dim": "PILLAR", "code": f"P{rng.randint(1, 4)}", "ppm": 1_000_000},
                {"dim": "THEME", "code": self.one(self.themes), "ppm": 1_000_000},
            ],
        }

    def figures(self) -> Iterator[tuple[str, int | None, dict[str, Any]]]:
        """A project's figures that search reads: metric, value, parts."""
        rng = self.rng
        yield "M2", 500_000, {"by_weight": {rng.choice(_PACES): 1_000_000}}
        yield "M3", 500_000, {"by_weight": {rng.choice(_GRADES): 1_000_000}}
        score = rng.randrange(1_000_000) if rng.random() < 0.7 else None
        yield "M4", score, {"budget_cents": rng.randrange(1_000_000_000) if rng.random() < 0.8 else 0}
        yield (
            "M8",
            0,
            {"design": {"gender": rng.choice(["0", "1", "2", "3", "null"]), "rights": rng.choice(["0", "2"])}},
        )
        band = rng.choice(_BANDS)
        yield "M10", 0, {"band": band, "residual": 4 if band else None}


def _zipf(n: int) -> list[float]:
    return list(itertools.accumulate(1 / (k + 1) for k in range(n)))


async def fill(stack: Stack, portfolio: Portfolio, projects: int) -> None:
    """Put the rows where the gateway's consumers would."""
    classes = ("public",) * 90 + ("member-states",) * 4 + ("compact",) * 3 + ("owner",) * 2 + ("state:ML",)
    async with lab.connection(stack, "portal_gateway") as db:
        seq = 0
        for begin in range(0, projects, _BATCH):
            states, figures = [], []
            for n in range(begin, min(begin + _BATCH, projects)):
                state, at = portfolio.project(n), _BEGIN + timedelta(seconds=n)
                class_, name = portfolio.rng.choice(classes), state["project_id"]
                words = folding.words([*state["title"].values(), name, state["entity"], *state["description"].values()])
                seq += 1
                states.append((name, state["entity"], class_, "1", orjson.dumps(state).decode(), words, at, seq))
                for metric, value, parts in portfolio.figures():
                    seq += 1
                    told = {"metric": metric, "value": value, "parts": parts}
                    told["state"] = "PUBLISHED" if value is not None else "INSUFFICIENT_DATA"
                    data = orjson.dumps(told).decode()
                    figures.append((metric, f"project:{name}", "project", class_, state["entity"], 1, at, data, seq))
            await db.copy_records_to_table(
                "project",
                records=states,
                columns=("project_id", "entity", "classification", "version", "data", "words", "updated_at", "seq"),
            )
            await db.copy_records_to_table(
                "figure",
                records=figures,
                columns=(
                    "metric", "scope", "kind", "classification", "owner", "revision", "updated_at", "data", "seq",
                ),
            )  # fmt: skip
            lab.say(f"{begin + len(states):,} projects")
        await db.execute("select setval('feed_seq', $1)", seq)
        await db.execute("analyze project, figure")


def questions(portfolio: Portfolio) -> dict[str, Callable[[], dict[str, Any]]]:
    """Kinds of questions, each drawn anew."""
    rng = portfolio.rng

    def typo(word: str) -> str:
        place = rng.randrange(1, len(word))
        return word[:place] + "q" + word[place:]

    return {
        "everything": dict,
        "a common word": lambda: {"q": portfolio.words["en"][rng.randrange(5)]},
        "two words": lambda: {"q": " ".join(portfolio.some("en", 2))},
        "an unfinished word": lambda: {"q": portfolio.some("en", 1)[0][:3]},
        "a slip": lambda: {"q": typo(portfolio.some("en", 1)[0])},
        "Chinese": lambda: {"q": portfolio.some("zh", 1)[0]},
        "Arabic": lambda: {"q": portfolio.some("ar", 1)[0]},
        "three filters": lambda: {
            "region": ["002", "142"],
            "status": ["1", "2", "3"],
            "pillar": [f"P{rng.randint(1, 4)}"],
        },
        "words and filters": lambda: {
            "q": portfolio.some("en", 1)[0],
            "entity": [portfolio.one(portfolio.entities), portfolio.one(portfolio.entities)],
            "score": ["50-75", "withheld"],
            "year": ["2022"],
        },
        "by title": lambda: {"sort": "title", "country": [portfolio.one(portfolio.countries)]},
        "by budget, page 40": lambda: {"sort": "budget", "cursor": "WzEwMDBd"},
    }


async def ask(stack: Stack, portfolio: Portfolio, each: int) -> list[dict[str, Any]]:
    """Put every kind of question to the gateway as every kind of reader."""
    part = stack.parts["portal-gateway"]
    process = psutil.Process(part.pid)
    tokens = {user: await asyncio.to_thread(stack.tokens.token, user) for user in READERS}
    rows = []
    async with httpx.AsyncClient(base_url=part.address, trust_env=False, timeout=120) as http:
        for kind, draw in questions(portfolio).items():
            taken, found = [], []
            before = 0.0
            for n in range(each + len(READERS)):
                if n == len(READERS):
                    taken.clear()
                    before = sum(process.cpu_times()[:2])
                headers = {"Authorization": f"Bearer {tokens[READERS[n % len(READERS)]]}"}
                began = time.perf_counter()
                answer = await http.get(
                    "/api/v1/projects", params={"facets": "true", "limit": 25, **draw()}, headers=headers
                )
                taken.append((time.perf_counter() - began) * 1000)
                found.append(answer.raise_for_status().json()["total"])
            cpu = (sum(process.cpu_times()[:2]) - before) * 1000 / each
            rows.append({"kind": kind, "found": lab.median(found), "cpu_ms": cpu, "ms": taken})
            lab.say(f"{kind}: {lab.median(taken):.1f} ms")
    return rows


async def ceiling(stack: Stack, times: int) -> list[float]:
    """A bare count of what a donor may read, in ms."""
    database = await Database.connect(stack.postgres.dsn("portal_gateway", "portal_gateway"), "bench")
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        async with database.transaction(Principal(subject="bench", role="donor")) as tx:
            await tx.conn.fetchval("select count(*) from project where not withdrawn")
        taken.append((time.perf_counter() - began) * 1000)
    await database.close()
    return taken


async def main() -> None:
    """Fill, ask, and print."""
    told = arguments()
    portfolio = Portfolio(told.seed)
    async with lab.laboratory(viewer=told.viewer) as stack:
        await lab.start_services(stack, "portal-gateway")
        empty = lab.memory(stack.parts["portal-gateway"].pid)
        await lab.stop_services(stack, "portal-gateway")
        await fill(stack, portfolio, told.projects)
        began = time.perf_counter()
        await lab.start_services(stack, "portal-gateway")
        token = await asyncio.to_thread(stack.tokens.token, "donor")
        async with httpx.AsyncClient(trust_env=False, timeout=120) as http:
            address = f"{stack.parts['portal-gateway'].address}/api/v1/projects?limit=1"

            async def ready() -> bool:
                answer = await http.get(address, headers={"Authorization": f"Bearer {token}"})
                return answer.status_code == httpx.codes.OK

            await lab.until(ready, "the index", every=0.5)
        reading = time.perf_counter() - began
        memory = lab.memory(stack.parts["portal-gateway"].pid) - empty
        rows = await ask(stack, portfolio, told.questions)
        counts = await ceiling(stack, told.questions)
    every = [ms for row in rows for ms in row["ms"]]
    rows.append({"kind": "all", "found": "", "cpu_ms": sum(r["cpu_ms"] for r in rows) / len(rows), "ms": every})
    bare = lab.median(counts)
    print(f"{told.projects:,} projects: index of {memory / 2**20:,.0f} MiB, read in {reading:.1f} s;"
          f" a bare count takes {bare:.1f} ms (p50)")  # fmt: skip
    lab.table(
        ["question", "found (p50)", "p50 ms", "p95 ms", "of the bare count (p50)", "CPU ms"],
        [
            [
                r["kind"],
                r["found"],
                lab.median(r["ms"]),
                lab.quantile(r["ms"], 0.95),
                lab.median(r["ms"]) / bare,
                r["cpu_ms"],
            ]
            for r in rows
        ],
    )
    lab.keep(told.json, {"search": {"rows": rows, "ceiling_ms": counts, "memory_bytes": memory, "reading_s": reading}})


if __name__ == "__main__":
    asyncio.run(main())

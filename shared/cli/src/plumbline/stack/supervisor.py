"""The stack as a whole: what starts after what, what is told meanwhile, what stops before what."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Collection
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Self

from plumbline.demo import ENTITIES, USERS, DemoEntity
from plumbline.stack import entities, leftovers, provision, requests, services
from plumbline.stack.errors import AlreadyRunning, PartFailed, StackError
from plumbline.stack.issuer import keys
from plumbline.stack.issuer.part import IssuerPart
from plumbline.stack.jars import jars
from plumbline.stack.kafka import ADMIN, Kafka
from plumbline.stack.layout import Layout, Ports
from plumbline.stack.part import GiveUp, Part
from plumbline.stack.postgres import Postgres
from plumbline.stack.signin import Tokens
from plumbline.stack.zipkin import Zipkin

INFRASTRUCTURE: Final = ("kafka", "postgres", "issuer", "zipkin")

Tell = Callable[[str], None]
"""Takes one line about a step that was done."""


class Stack:
    """A stack that this process runs: started by ``start``, held until ``stop``.

    ``only`` names the parts to run; ``infrastructure`` stands for everything that is not a service.
    """

    def __init__(self, data_dir: Path, port_base: int | None = None, only: Collection[str] | None = None) -> None:
        self.layout = Layout(data_dir.resolve())
        try:
            self.ports: Ports = self.layout.ports(port_base)
        except ValueError as error:
            raise StackError(str(error)) from None
        self.kafka, self.postgres, self.issuer, zipkin, *found = parts_of(self.layout, self.ports)
        self._everything: dict[str, Part] = {
            part.name: part for part in (self.kafka, self.postgres, self.issuer, zipkin, *found)
        }
        self.parts: dict[str, Part] = _chosen(self._everything, only)
        self.services = [part for part in found if part.name in self.parts]
        self.interrupted = False
        self._lock: IO[str] | None = None
        self._give_up = GiveUp()
        for part in self._everything.values():
            part.give_up = self._give_up

    # Life.

    def start(self, tell: Tell = lambda _: None) -> Self:
        """Start every part, in order, and return when all of them answer.

        Raises AlreadyRunning, PortTaken, DataDirUnusable or PartFailed; nothing is left running then.
        """
        for name in ("kafka", "zipkin"):
            if name in self.parts:
                jars(name, lambda line, name=name: tell(f"fetching {name}: {line}"))  # type: ignore[misc]
        self.layout.prepare()
        self._take_lock()
        self._give_up.asked = self.interrupted
        try:
            leftovers.stop(self.layout, tell)
            for part in self.parts.values():
                part.check_ports()
            self._write_state("starting")
            self._start_infrastructure(tell)
            self._start_services(self.services, tell)
            self._write_state("ready")
        except BaseException:
            self.stop()
            raise
        return self

    def extend(self, names: Collection[str], tell: Tell = lambda _: None) -> None:
        """Start further parts of a running stack: services on an infrastructure that is there already."""
        if missing := set(names) - set(self._everything):
            raise StackError(f"There is no part called {', '.join(sorted(missing))}")
        added = [self._everything[name] for name in self._everything if name in names and name not in self.parts]
        for part in added:
            part.check_ports()
        self.parts = {name: p for name, p in self._everything.items() if name in self.parts or p in added}
        new = [part for part in added if isinstance(part, services.Service)]
        for part in added:
            if not isinstance(part, services.Service):
                self._start_part(part, tell)
        self.services = [part for part in self.parts.values() if isinstance(part, services.Service)]
        self._start_services(new, tell)
        self._write_state("ready")

    def stop(self, tell: Tell = lambda _: None) -> None:
        """Stop every part: services first, together; then what they stand on. Then let go of the data."""
        if self._lock is None:
            return
        self._write_state("stopping")
        self._together([(service.stop, ()) for service in self.services])
        for name in ("zipkin", "issuer", "kafka", "postgres"):
            if name in self.parts:
                self.parts[name].stop()
                tell(f"{self.parts[name].title} stopped")
        self._write_state("stopped")
        self._lock.close()
        self._lock = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def kill(self, name: str) -> None:
        """``kill -9`` one part, as a crash would."""
        self.parts[name].kill()

    def restart(self, name: str) -> None:
        """Stop a part if it runs, start it, and wait until it answers."""
        part = self.parts[name]
        part.stop()
        part.start()
        part.wait_ready()
        self._write_state("ready")

    # What a running stack is asked for.

    @property
    def tokens(self) -> Tokens:
        """Access tokens of the stack's own users and entities."""
        return Tokens(self.layout)

    def provisioner(self) -> provision.Provisioner:
        """Kafka's administration."""
        return provision.Provisioner(self.kafka.address, ADMIN, self.layout.secrets)

    def add_entity(self, ref: str, name: str) -> None:
        """Inbound topic, Kafka user, rights and an issuer client for an entity; idempotent."""
        entities.provision_here(self.layout, self.ports, DemoEntity(ref, name))

    def rotate_keys(self) -> str:
        """A new signing key; tokens signed by the one before stay valid. Returns the new key's id."""
        return keys.rotate(self.layout.secrets)

    def interrupt(self) -> None:
        """Make ``start`` or ``watch`` end soon; for signal handlers, so it takes no lock and raises nothing."""
        self.interrupted = self._give_up.asked = True

    def watch(self, tell: Tell, pause: float = 0.3) -> None:
        """Say what dies, and restart what is asked for, until ``interrupt``.

        Nothing is restarted by itself: a fault that is mended silently is a fault nobody looks for.
        """
        known: dict[str, Part] = {}
        while not self.interrupted:
            for part in self.dead():
                if part.name not in known:
                    known[part.name] = part
                    try:
                        part.check_alive()
                    except PartFailed as death:
                        tell(f"{death.message}. {death.remedy}")
                    tell(f"The rest goes on without it. To start it again: plumbline restart {part.name}")
                    self._write_state("ready")
            for request in requests.pending(self.layout):
                known.pop(request.part, None)
                tell(f"restarting {request.part}, as asked")
                try:
                    self.restart(request.part)
                    request.done()
                except (StackError, KeyError) as error:
                    request.failed(str(error))
            time.sleep(pause)

    def dead(self) -> list[Part]:
        """Parts that were started and have ended without being asked to."""
        return [part for part in self.parts.values() if part.process is not None and part.process.poll() is not None]

    # How it is done.

    def _take_lock(self) -> None:
        lock = self.layout.lock_file.open("a+")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            state = self.layout.read_state() or {}
            raise AlreadyRunning(
                f"A stack runs on {self.layout.root} already (process {state.get('pid', 'unknown')})",
                "plumbline status shows it, plumbline down stops it; --data-dir makes another one",
            ) from None
        self._lock = lock

    def _start_infrastructure(self, tell: Tell) -> None:
        waited = [self.parts[name] for name in ("kafka", "postgres", "issuer") if name in self.parts]
        if "zipkin" in self.parts:
            self.parts["zipkin"].start()  # nothing waits for it until everything else is there
        self._together([(self._start_part, (part, tell)) for part in waited])
        self._write_state("starting")
        steps: list[tuple[Callable[..., None], tuple[Any, ...]]] = []
        if "postgres" in self.parts:
            steps.append((self.postgres.provision, ()))
        if "kafka" in self.parts:
            steps.append((self._provision_kafka, ()))
        self._together(steps)
        if "issuer" in self.parts:
            self.issuer.add_users(USERS)
            self.issuer.add_entities(ENTITIES)
        tell("databases, topics, users and rights are in place")

    def _provision_kafka(self) -> None:
        admin = self.provisioner()
        admin.services()
        admin.entities(entity.ref for entity in ENTITIES)

    def _start_services(self, new: list[services.Service], tell: Tell) -> None:
        for service in new:
            service.viewer = "zipkin" in self.parts
        self._together([(self._start_service, (service, tell)) for service in new])
        for service in new:
            if service.package == "intake":
                entities.tell_intake(service.address, self.tokens, ENTITIES)
        if "zipkin" in self.parts:
            self.parts["zipkin"].wait_ready()
            tell("the trace viewer is ready")

    def _start_service(self, service: services.Service, tell: Tell) -> None:
        service.migrate()
        self._start_part(service, tell)

    def _start_part(self, part: Part, tell: Tell) -> None:
        began = time.monotonic()
        part.start()
        part.wait_ready()
        tell(f"{part.title} is ready ({time.monotonic() - began:.1f} s)")

    def _together(self, calls: list[tuple[Callable[..., None], tuple[Any, ...]]]) -> None:
        """Run calls at the same time. The first failure, or Ctrl-C, ends the others' waiting and is raised."""
        if not calls:
            return
        with ThreadPoolExecutor(len(calls)) as pool:
            futures = [pool.submit(call, *arguments) for call, arguments in calls]
            try:
                wait(futures, return_when=FIRST_EXCEPTION)
                failed = [error for future in futures if future.done() and (error := future.exception())]
                if failed:
                    raise failed[0]
            except BaseException:
                self._give_up.asked = True
                raise

    def _write_state(self, state: str) -> None:
        self.layout.write_state(
            {
                "state": state,
                "pid": os.getpid(),
                "created": leftovers.created(os.getpid()),
                "data_dir": str(self.layout.root),
                "ports": asdict(self.ports),
                "parts": [
                    {
                        "name": part.name,
                        "title": part.title,
                        "address": part.address,
                        "pid": part.pid,
                        "created": leftovers.created(part.pid),
                        "stop_signal": int(part.stop_signal),
                        "log": str(part.log),
                    }
                    for part in self.parts.values()
                ],
            }
        )


def parts_of(layout: Layout, ports: Ports) -> tuple[Kafka, Postgres, IssuerPart, Zipkin, *tuple[services.Service, ...]]:
    """Every part there is, in the order they start."""
    return (
        Kafka(layout, {"kafka": ports.kafka, "controller": ports.controller}),
        Postgres(layout, {"postgres": ports.postgres}),
        IssuerPart(layout, {"issuer": ports.issuer, "portal_gateway": ports.portal_gateway}),
        Zipkin(layout, {"zipkin": ports.zipkin}),
        *(services.Service(name, layout, ports) for name in services.existing()),
    )


def _chosen(everything: dict[str, Part], only: Collection[str] | None) -> dict[str, Part]:
    if only is None:
        return everything
    wanted = {name for word in only for name in (INFRASTRUCTURE if word == "infrastructure" else (word,))}
    if unknown := wanted - set(everything):
        raise StackError(f"There is no part called {', '.join(sorted(unknown))}", f"Parts: {', '.join(everything)}")
    return {name: part for name, part in everything.items() if name in wanted}

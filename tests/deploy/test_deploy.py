"""``docker-compose.yml`` and ``deploy/``, checked as far as a machine without a container engine can.

Why so much: nobody starts this file between two releases, and each of these mistakes is found only by starting it.
"""

from __future__ import annotations

import importlib
import json
import re
import stat
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from tests.support.sources import ROOT

from runtime import names
from runtime.settings import Settings

DEPLOY: Final = ROOT / "deploy"
BIN: Final = Path(sys.executable).parent
SERVICES: Final = ("intake", "scoring", "notifier", "portal-gateway")
COMPOSE: Final[dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
DOCKERFILES: Final = sorted([*ROOT.glob("services/*/Dockerfile"), *ROOT.glob("shared/*/Dockerfile")])
_VARIABLE: Final = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")


def checked(*command: str | Path) -> None:
    """Run a checker of the environment; what it says is the failure's message."""
    done = subprocess.run([BIN / command[0], *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of secrets, as the documented command makes it."""
    folder = tmp_path_factory.mktemp("secrets") / "made"
    checked(Path("/bin/sh"), DEPLOY / "make-secrets.sh", folder)
    return folder


class TestFormats:
    """Each file is what its reader expects."""

    def test_compose_follows_its_specification(self) -> None:
        checked("check-jsonschema", "--builtin-schema", "vendor.compose-spec", "docker-compose.yml")

    def test_the_workflow_follows_its_specification_and_calls_the_two_commands(self) -> None:
        checked("check-jsonschema", "--builtin-schema", "vendor.github-workflows", ".github/workflows/ci.yml")
        text = (ROOT / ".github/workflows/ci.yml").read_text()
        assert {"make check", "make test"} == set(re.findall(r"run: (make \w+)$", text, re.MULTILINE))

    def test_yaml_is_tidy(self) -> None:
        checked("yamllint", "--strict", "docker-compose.yml", ".github", "deploy")

    @pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.parent.name)
    def test_dockerfiles_pass_the_linter(self, path: Path) -> None:
        checked("hadolint", path)

    @pytest.mark.parametrize("path", sorted(DEPLOY.rglob("*.json")), ids=lambda path: path.name)
    def test_json_can_be_read(self, path: Path) -> None:
        assert json.loads(path.read_text(encoding="utf-8"))

    @pytest.mark.parametrize("path", sorted(DEPLOY.rglob("*.sh")), ids=lambda path: path.name)
    def test_scripts_can_be_read_and_run(self, path: Path) -> None:
        assert path.stat().st_mode & stat.S_IXUSR
        shell = path.read_text().splitlines()[0].removeprefix("#!/bin/")
        checked(Path(f"/bin/{shell}"), "-n", path)


class TestCompose:
    """What the file promises in its comments."""

    @pytest.mark.parametrize("name", COMPOSE["services"])
    def test_every_container_has_few_rights_and_bounds(self, name: str) -> None:
        service = COMPOSE["services"][name]
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert {"mem_limit", "logging", "restart"} <= service.keys()

    @pytest.mark.parametrize("name", COMPOSE["services"])
    def test_every_image_has_a_version(self, name: str) -> None:
        image = COMPOSE["services"][name]["image"]
        if not image.startswith("plumbline/"):
            assert re.search(r":v?\d+\.\d+", image), image

    @pytest.mark.parametrize("name", COMPOSE["services"])
    def test_ports_are_published_to_this_machine_only(self, name: str) -> None:
        for port in COMPOSE["services"][name].get("ports", []):
            assert port.startswith("${PLUMBLINE_BIND:-127.0.0.1}:"), port

    def test_what_is_mounted_exists(self) -> None:
        for service in COMPOSE["services"].values():
            for volume in service.get("volumes", []):
                source = volume.split(":")[0]
                assert (ROOT / source).exists() if source.startswith("./") else source in COMPOSE["volumes"], source

    def test_a_service_is_built_migrated_and_started_in_this_order(self) -> None:
        for name in SERVICES:
            assert COMPOSE["services"][f"{name}-migrate"]["build"]["dockerfile"] == f"services/{name}/Dockerfile"
            needs = COMPOSE["services"][name]["depends_on"]
            assert needs[f"{name}-migrate"] == {"condition": "service_completed_successfully"}
            assert needs["provision"] == {"condition": "service_completed_successfully"}

    @pytest.mark.parametrize("name", SERVICES)
    def test_a_service_runs_as_a_role_that_owns_nothing(self, name: str) -> None:
        """The owner's password is in the migration's container alone."""
        service = COMPOSE["services"][name]
        assert not any("owner" in secret for secret in service["secrets"])
        assert not any("OWNER" in variable for variable in service["environment"])

    @pytest.mark.parametrize("name", SERVICES)
    def test_a_service_is_told_only_what_it_understands(self, name: str) -> None:
        own = importlib.import_module(f"{name.replace('-', '_')}.settings").Settings
        known = {f"PLUMBLINE_{field.upper()}" for field in own.model_fields} | {"PLUMBLINE_LOG_LEVEL"}
        for part in (name, f"{name}-migrate"):
            told = {key for key in COMPOSE["services"][part]["environment"] if key.startswith("PLUMBLINE_")}
            assert told <= known
            needed = {f"PLUMBLINE_{k.upper()}" for k, field in Settings.model_fields.items() if field.is_required()}
            assert needed <= told

    def test_every_choice_is_explained_with_its_default(self) -> None:
        chosen = dict(_VARIABLE.findall((ROOT / "docker-compose.yml").read_text()))
        explained = dict(re.findall(r"^(\w+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE))
        assert explained == chosen

    def test_one_choice_has_one_default(self) -> None:
        found: dict[str, set[str]] = {}
        for name, default in _VARIABLE.findall((ROOT / "docker-compose.yml").read_text()):
            found.setdefault(name, set()).add(default)
        assert {name: defaults for name, defaults in found.items() if len(defaults) > 1} == {}


class TestSecrets:
    """No default password anywhere: a file each, made by one command, for those who need it."""

    def test_what_compose_needs_is_what_the_command_makes(self, made: Path) -> None:
        assert {path.name for path in made.iterdir()} == set(COMPOSE["secrets"])
        for name, secret in COMPOSE["secrets"].items():
            assert secret == {"file": "${PLUMBLINE_SECRETS:-./deploy/secrets}/" + name}

    def test_a_secret_is_long_its_own_and_behind_a_closed_door(self, made: Path) -> None:
        values = [path.read_text() for path in made.iterdir()]
        assert all(re.fullmatch(r"[0-9a-f]{40}", value) for value in values)
        assert len(set(values)) == len(values)
        assert stat.S_IMODE(made.stat().st_mode) == 0o700

    def test_running_it_again_keeps_what_there_is(self, made: Path) -> None:
        before = {path.name: path.read_text() for path in made.iterdir()}
        checked(Path("/bin/sh"), DEPLOY / "make-secrets.sh", made)
        assert {path.name: path.read_text() for path in made.iterdir()} == before

    def test_they_are_not_committed(self) -> None:
        done = subprocess.run(["git", "check-ignore", "-q", "deploy/secrets/kafka-admin"], cwd=ROOT, check=False)
        assert done.returncode in {0, 128}, "deploy/secrets is not in .gitignore"

    def test_no_variable_carries_a_password(self) -> None:
        for name, service in COMPOSE["services"].items():
            for variable, value in service.get("environment", {}).items():
                if re.search(r"PASSWORD|SECRET|TOKEN", variable):
                    assert variable.endswith("_FILE"), f"{name}: {variable}"
                    assert str(value).startswith("/run/secrets/")

    def test_each_container_sees_only_secrets_it_names(self) -> None:
        for name, service in COMPOSE["services"].items():
            text = json.dumps(service)
            for used in re.findall(r"/run/secrets/([\w-]+)", text):
                assert used in service["secrets"], f"{name}: {used}"


class TestImages:
    """The recipe: others' packages from the lock, then ours; nobody in particular."""

    @pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.parent.name)
    def test_what_is_copied_is_what_the_package_needs(self, path: Path) -> None:
        text = path.read_text()
        project = re.findall(r"--package (\S+)", text)[0]
        members = {folder for folder in _members() if _needs(project) >= {_project(folder)}}
        assert set(re.findall(r"^COPY (\S+)/pyproject.toml", text, re.MULTILINE)) == members
        assert set(re.findall(r"^COPY (\S+)/src ", text, re.MULTILINE)) == members

    @pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.parent.name)
    def test_it_is_frozen_and_does_not_run_as_root(self, path: Path) -> None:
        text = path.read_text()
        assert text.count("uv sync --frozen --no-dev") == 2
        assert re.search(r"^USER 10001:10001$", text, re.MULTILINE)
        assert "HEALTHCHECK" in text

    def test_only_manifests_and_sources_reach_the_builder(self) -> None:
        lines = (ROOT / ".dockerignore").read_text().splitlines()
        assert lines[1] == "*"
        assert not any("secret" in line or "tests" in line for line in lines[2:])

    def test_uv_is_the_version_that_wrote_the_lock(self) -> None:
        (version,) = re.findall(r"^UV_VERSION := (\S+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
        for path in DOCKERFILES:
            assert re.findall(r"astral-sh/uv:(\S+)", path.read_text()) == [version]


class TestObservability:
    """The collector, Prometheus and Grafana speak of things that exist."""

    def test_pipelines_are_made_of_declared_parts(self) -> None:
        collector = yaml.safe_load((DEPLOY / "otel/collector.yaml").read_text())
        assert set(collector["service"]["extensions"]) <= collector["extensions"].keys()
        for name, pipeline in collector["service"]["pipelines"].items():
            for kind in ("receivers", "processors", "exporters"):
                assert set(pipeline[kind]) <= collector[kind].keys(), name
            assert pipeline["processors"][0] == "memory_limiter"

    def test_scraped_and_exported_addresses_are_containers(self) -> None:
        text = (DEPLOY / "otel/collector.yaml").read_text() + (DEPLOY / "observability/prometheus.yml").read_text()
        hosts = set(re.findall(r"(?:endpoint: |\")([a-z][\w-]*):\d+", text)) - {"localhost"}
        assert hosts
        assert hosts <= COMPOSE["services"].keys()

    def test_alerts_watch_metrics_that_exist_and_say_what_to_do(self) -> None:
        known = {name.replace(".", "_") for name in names.METRICS} | {"up"}
        alerts = yaml.safe_load((DEPLOY / "observability/alerts.yml").read_text())
        for rule in alerts["groups"][0]["rules"]:
            watched = re.findall(r"\b((?:messaging|plumbline)_[a-z_]+?)(?:_total|_seconds_bucket)\b", rule["expr"])
            assert set(watched) <= known, rule["alert"]
            assert watched or "up" in rule["expr"]
            assert rule["labels"]["severity"] in {"warning", "critical"}
            assert {"summary", "description"} <= rule["annotations"].keys()


class TestRealm:
    """Keycloak gives the claims that ``runtime.auth`` reads; seen on a real one in ``test_keycloak.py``."""

    REALM: Final[dict[str, Any]] = json.loads((DEPLOY / "keycloak/realm.json").read_text(encoding="utf-8"))

    @pytest.mark.parametrize("client", REALM["clients"], ids=lambda client: client["clientId"])
    def test_tokens_carry_audience_and_attributes_and_are_access_tokens(self, client: dict[str, Any]) -> None:
        mapped = {mapper["name"] for mapper in client["protocolMappers"]}
        assert mapped == {"audience plumbline", "plumbline_role", "plumbline_organisation", "plumbline_country"}
        assert client["attributes"]["access.token.header.type.rfc9068"] == "true"
        assert client["attributes"]["pkce.code.challenge.method"] == "S256"
        assert not client["implicitFlowEnabled"]
        assert not client["directAccessGrantsEnabled"]

    def test_nobody_gives_themselves_a_role(self) -> None:
        (component,) = self.REALM["components"]["org.keycloak.userprofile.UserProfileProvider"]
        profile = json.loads(component["config"]["kc.user.profile.config"][0])
        ours = [entry for entry in profile["attributes"] if entry["name"].startswith("plumbline_")]
        assert len(ours) == 3
        assert all(entry["permissions"]["edit"] == ["admin"] for entry in ours)

    def test_the_roles_are_those_of_the_policy(self) -> None:
        from runtime.access import ROLES

        (component,) = self.REALM["components"]["org.keycloak.userprofile.UserProfileProvider"]
        profile = json.loads(component["config"]["kc.user.profile.config"][0])
        role = next(entry for entry in profile["attributes"] if entry["name"] == "plumbline_role")
        assert set(role["validations"]["options"]["options"]) == set(ROLES) - {"system"}

    def test_the_realm_is_as_strict_as_the_table_says(self) -> None:
        """What docs/asvs.csv says of the issuer, where the realm settles it."""
        policy = self.REALM["passwordPolicy"]
        assert "length(12)" in policy
        assert "hashAlgorithm(argon2)" in policy
        for rule in ("upperCase", "lowerCase", "digits", "specialChars", "forceExpiredPasswordChange", "maxLength"):
            assert rule not in policy
        assert self.REALM["bruteForceProtected"]
        assert not self.REALM.get("permanentLockout", False)  # nobody locks another out for good
        assert (self.REALM["revokeRefreshToken"], self.REALM["refreshTokenMaxReuse"]) == (True, 0)
        assert self.REALM["ssoSessionMaxLifespan"] <= 12 * 3600
        assert self.REALM["accessTokenLifespan"] <= 300
        (signing,) = [
            key["config"]
            for key in self.REALM["components"]["org.keycloak.keys.KeyProvider"]
            if key["providerId"] == "rsa-generated"
        ]
        assert int(signing["keySize"][0]) >= 3072  # 128 bits of security
        for client in self.REALM["clients"]:
            assert client["attributes"]["pkce.code.challenge.method"] == "S256"
            assert not client["fullScopeAllowed"]
            assert not client["implicitFlowEnabled"]
            assert not client["directAccessGrantsEnabled"]

    def test_it_has_no_accounts_and_no_secrets(self) -> None:
        assert "users" not in self.REALM
        assert [c["secret"] for c in self.REALM["clients"] if "secret" in c] == ["${PLUMBLINE_PORTAL_CLIENT_SECRET}"]


def _members() -> list[str]:
    root = tomllib.loads((ROOT / "pyproject.toml").read_text())
    found: list[str] = root["tool"]["uv"]["workspace"]["members"]
    return found


def _project(member: str) -> str:
    return str(tomllib.loads((ROOT / member / "pyproject.toml").read_text())["project"]["name"])


def _needs(project: str) -> set[str]:
    """A member with every member it stands on."""
    folders = {_project(member): member for member in _members()}
    manifest = tomllib.loads((ROOT / folders[project] / "pyproject.toml").read_text())
    found = {project}
    for dependency in manifest["project"]["dependencies"]:
        if dependency in folders:
            found |= _needs(dependency)
    return found


def test_the_make_file_has_the_two_commands() -> None:
    """The workflow, the README and the checks before a change lands all call these."""
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert {"check", "test", "demo"} <= set(targets)

"""Archives that are not the ones committed to never reach the class path."""

from __future__ import annotations

from pathlib import Path

import pytest

from plumbline.stack import StackError, jars

pytestmark = pytest.mark.stack

VIEWER = "zipkin-server-3.5.1-slim.jar"


@pytest.fixture(autouse=True)
def repository(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was fetched before need not come over the network again."""
    monkeypatch.setenv("M2_REPO", str(jars.cache_dir() / "m2"))


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({VIEWER: "0" * 64}, "is not the file it was"),
        ({}, "which its lock file does not name"),
    ],
)
def test_a_changed_or_unnamed_archive_is_refused(tmp_path: Path, wanted: dict[str, str], words: str) -> None:
    home = tmp_path / "zipkin"
    with pytest.raises(StackError, match=words):
        jars._fetch("zipkin", wanted, home, lambda _: None, jars._BILL)
    assert not home.exists()


def test_the_bill_of_kafka_holds_one_version_of_its_client() -> None:
    names = jars.locked((jars._BILL / "kafka.lock.toml").read_bytes())
    assert [name for name in names if name.startswith("kafka-clients-")] == ["kafka-clients-4.3.1.jar"]

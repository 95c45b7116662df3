"""Readings given to the command by hand."""

from __future__ import annotations

import pytest

from plumbline.__main__ import main


@pytest.mark.parametrize(
    ("given", "remedy"),
    [
        (["1521=P2"], "5 or 3 digits"),
        (["15210"], "P1, P2, P3, P4"),
        (["15210=P5"], "P1, P2, P3, P4"),
        (["15210=P1", "15210=P2"], "once"),
    ],
)
def test_a_default_pillar_is_a_purpose_and_a_pillar(
    given: list[str], remedy: str, capsys: pytest.CaptureFixture[str]
) -> None:
    options = [part for text in given for part in ("--default-pillar", text)]
    with pytest.raises(SystemExit) as ended:
        main(["dialect", "adopt", "XM-DEMO-1", *options])
    assert ended.value.code == 2
    assert remedy in capsys.readouterr().err

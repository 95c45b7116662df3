"""What strangers send instead of a good file: each ends as a clear finding, and good activities still count."""

from __future__ import annotations

import gzip
import zlib
from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.iati import IDENTIFIER, ROOT, a_file, an_activity, of_rule, read_whole, rules

from intake.reader.protocol import MIB, FileSummary, JudgedActivity, Limits, Progress, decode, encode

GOOD = [an_activity(identifier=f"XM-DAC-41120-{n}") for n in range(3)]


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    return tmp_path / "upload"


def read(spool: Path, content: bytes, limits: Limits | None = None) -> tuple[list[JudgedActivity], FileSummary]:
    spool.write_bytes(content)
    return read_whole(spool, limits)


def refusal(summary: FileSummary) -> str:
    """The one rule that ended the file."""
    (finding,) = [finding for finding in summary.findings if finding.severity == "error"]
    assert finding.remedy
    return finding.rule.removeprefix("plumbline:")


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"", "FILE_EMPTY"),
        (b" \n" * 5000, "FILE_EMPTY"),
        (b" " * 3 * MIB, "FILE_EMPTY"),
        (b"\0" * 3 * MIB, "NOT_XML"),
        (b'{"result":[],"duration":3.261}', "NOT_XML"),
        (b"identifier,title\nA,B\n", "NOT_XML"),
        (b"PK\x03\x04" + bytes(2000), "NOT_XML"),
        (b"<html><body>Not found</body></html>", "WRONG_ROOT"),
        (an_activity().encode(), "WRONG_ROOT"),
        (b'<iati-organisations version="2.03"></iati-organisations>', "ORGANISATION_FILE"),
        (a_file(root="<iati-activities>"), "VERSION_MISSING"),
        (a_file(root='<iati-activities version="1.05">'), "VERSION_1"),
        (b'<iati-activities version="2.03"></iati-activities>', "NO_ACTIVITIES"),
        (b'<iati-activities version="2.03"/>', "NO_ACTIVITIES"),
        (b"<iati-activities version=2.03></iati-activities>", "NOT_XML"),
        (b'<iati-activities version="2.03" version="2.03"></iati-activities>', "NOT_XML"),
        (b"<!DOCTYPE iati-activities>" + a_file(), "DOCTYPE"),
        (b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + a_file("&e;"), "DOCTYPE"),
        (b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>' + a_file("&b;"), "DOCTYPE"),
        ('<?xml version="1.0"?><!DOCTYPE x>'.encode("utf-16") + a_file(), "DOCTYPE"),
        (b'<?xml version="1.0" encoding="unicode_escape"?>' + a_file(), "ENCODING_UNKNOWN"),
        (b'<?xml version="1.0" encoding="no-such"?>' + a_file(), "ENCODING_UNKNOWN"),
        (b"<!-- without an end " + b"x" * MIB, "CUT_OFF"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_no_activity_file(spool: Path, content: bytes, rule: str) -> None:
    activities, summary = read(spool, content)
    assert refusal(summary) == rule
    assert activities == []


def test_a_whole_file(spool: Path) -> None:
    activities, summary = read(spool, a_file(*GOOD))
    assert [activity.index for activity in activities] == [0, 1, 2]
    assert [activity.project_id for activity in activities] == [f"XM-DAC-41120-{n}" for n in range(3)]
    assert all(activity.accepted and activity.reporting_org == "XM-DAC-41120" for activity in activities)
    assert [activity.xml.decode() for activity in activities] == GOOD
    assert [activity.line for activity in activities] == [2, 16, 30]
    assert (summary.activities, summary.quarantined, summary.findings) == (3, 0, ())
    assert (summary.version, summary.encoding, summary.packed) == ("2.03", "utf-8", False)


@pytest.mark.parametrize(
    "encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1251", "iso8859-5", "koi8-r", "gb18030"]
)
def test_encodings(spool: Path, encoding: str) -> None:
    declared = {"utf-8-sig": "UTF-8"}.get(encoding, encoding)
    text = (
        f'<?xml version="1.0" encoding="{declared}"?>\n'
        + a_file(an_activity(title="<narrative>Пограничные посты</narrative>")).decode()
    )
    activities, summary = read(spool, text.encode(encoding))
    assert summary.findings == ()
    (activity,) = activities
    assert activity.facts[0].data["title"] == {"en": "Пограничные посты"}
    assert "Пограничные".encode() in activity.xml


def test_an_encoding_other_than_declared_is_told(spool: Path) -> None:
    activities, summary = read(spool, b'<?xml version="1.0" encoding="UTF-16"?>' + a_file())
    assert [finding.rule for finding in summary.findings] == ["plumbline:ENCODING_MISMATCH"]
    assert activities[0].accepted
    text = '<?xml version="1.0" encoding="iso-8859-1"?>' + a_file().decode()
    activities, summary = read(spool, text.encode("utf-16"))
    assert [finding.rule for finding in summary.findings] == ["plumbline:ENCODING_MISMATCH"]
    assert activities[0].accepted


@pytest.mark.parametrize("declared", ["UTF-8", "shift_jis"])
def test_bad_bytes_spoil_one_activity(spool: Path, declared: str) -> None:
    bad = an_activity(title="<narrative>Poste fronti\nBAD</narrative>")
    content = a_file(GOOD[0], bad, GOOD[2]).replace(b"BAD", b"\xff\xfe")
    activities, summary = read(spool, f'<?xml version="1.0" encoding="{declared}"?>'.encode() + content)
    assert [activity.accepted for activity in activities] == [True, False, True]
    assert of_rule(activities[1], "plumbline:ENCODING").line == activities[1].line + 4
    assert activities[1].project_id == IDENTIFIER
    assert (summary.activities, summary.quarantined) == (3, 1)


@pytest.mark.parametrize(
    "broken",
    [
        GOOD[1].replace("</title>", "</titel>"),
        GOOD[1].replace("What it does.", "What it & does."),
        GOOD[1].replace("What it does.", "What &nbsp; does."),
        GOOD[1].replace("What it does.", "What \x01 does."),
        GOOD[1].replace("<title>", "<x:title>"),
        GOOD[1].removesuffix("</iati-activity>"),
        GOOD[1] + "</iati-activity>",
        "<iati-activity/>",
        f"<iati-activity>{GOOD[1]}",
    ],
)
def test_a_broken_activity_spoils_no_other(spool: Path, broken: str) -> None:
    activities, summary = read(spool, a_file(GOOD[0], broken, GOOD[2]))
    by_id = {activity.project_id: activity.accepted for activity in activities}
    assert by_id["XM-DAC-41120-0"]
    assert by_id["XM-DAC-41120-2"]
    assert summary.quarantined or summary.findings
    assert not any(finding.severity == "error" for finding in summary.findings)


def test_a_cut_off_file(spool: Path) -> None:
    whole = a_file(*GOOD)
    activities, summary = read(spool, whole[: whole.rindex(b"<activity-status")])
    assert [activity.accepted for activity in activities] == [True, True, False]
    assert of_rule(activities[2], "plumbline:ACTIVITY_CUT").line == activities[2].line
    assert refusal(summary) == "CUT_OFF"
    assert summary.findings[0].line == activities[2].line

    activities, summary = read(spool, whole[: whole.rindex(b"</iati-activities>")])
    assert [activity.accepted for activity in activities] == [True, True, True]
    assert refusal(summary) == "CUT_OFF"

    activities, summary = read(spool, gzip.compress(whole, mtime=0)[:-9])
    assert refusal(summary) == "CUT_OFF"


def test_what_only_looks_like_a_tag(spool: Path) -> None:
    comment = "<!-- <iati-activity> </iati-activity> </iati-activities> -->"
    text = "<narrative><![CDATA[ </iati-activity> <iati-activity> ]]></narrative>"
    odd = an_activity(
        title=text, attributes='xml:lang="en" default-currency="USD" xmlns:x="urn:x" x:a="a>b/>"'
    ).replace("\n", f"\n{comment}<?pi </iati-activity> ?>\n", 1)
    activities, summary = read(spool, a_file(comment, odd, comment, GOOD[2]))
    assert [activity.accepted for activity in activities] == [True, True]
    assert summary.findings == ()
    assert activities[0].facts[0].data["title"] == {"en": "</iati-activity> <iati-activity>"}


def test_what_else_stands_in_the_root_is_told(spool: Path) -> None:
    foreign = '<x:list xmlns:x="urn:x"><x:item/></x:list>'
    _, summary = read(spool, a_file(GOOD[0], foreign))
    assert summary.findings == ()
    activities, summary = read(spool, a_file(GOOD[0], "<activity>lost</activity>", GOOD[1]) + b"<more/>")
    assert len(activities) == 2
    assert [(finding.rule, finding.severity) for finding in summary.findings] == [
        ("plumbline:UNEXPECTED_CONTENT", "warning")
    ] * 2


def test_an_unknown_version_is_judged_as_the_latest(spool: Path) -> None:
    activities, summary = read(spool, a_file(root=ROOT.replace("2.03", "2.04")))
    assert activities[0].accepted
    assert [(finding.rule, finding.text) for finding in summary.findings] == [("plumbline:VERSION_UNKNOWN", "2.04")]


# Packing and size.


def test_gzip(spool: Path) -> None:
    activities, summary = read(spool, gzip.compress(a_file(GOOD[0])[:200]) + gzip.compress(a_file(GOOD[0])[200:]))
    assert activities[0].accepted
    assert summary.packed
    _, summary = read(spool, gzip.compress(a_file()) + bytes(1000))
    assert summary.findings == ()
    packed = bytearray(gzip.compress(a_file(*GOOD)))
    packed[40:60] = bytes(20)
    assert refusal(read(spool, bytes(packed))[1]) == "PACKED_BROKEN"


def test_a_bomb_is_given_up_early(spool: Path) -> None:
    packer = zlib.compressobj(9, wbits=31)
    bomb = packer.compress(a_file(*GOOD).removesuffix(b"</iati-activities>"))
    bomb += b"".join(packer.compress(b" " * MIB) for _ in range(100)) + packer.flush()
    assert len(bomb) < MIB
    activities, summary = read(spool, bomb)
    assert len(activities) == 3
    assert refusal(summary) == "PACKED_TOO_TIGHT"
    assert summary.bytes_read < 80 * MIB


def test_two_gigabytes_of_nothing_are_not_read_to_their_end(spool: Path) -> None:
    with spool.open("wb") as file:
        file.truncate(2**31 + 1)
    activities, summary = read_whole(spool)
    assert (activities, refusal(summary)) == ([], "NOT_XML")
    assert summary.bytes_read < 4 * MIB


def test_limits(spool: Path) -> None:
    limits = Limits(activity_bytes=20_000, activity_elements=100, depth=20, unpacked_bytes=300_000)
    long = an_activity(title=f"<narrative>{'x' * 50_000}</narrative>")
    many = an_activity(sectors='<sector code="15130"/>' * 500)
    deep = an_activity(after_sectors="").replace(
        "</iati-activity>", f'<x:a xmlns:x="urn:x">{"<x:a>" * 30}{"</x:a>" * 30}</x:a></iati-activity>'
    )
    activities, summary = read(spool, a_file(long, GOOD[0], many, deep, GOOD[1]), limits)
    assert [activity.accepted for activity in activities] == [False, True, False, False, True]
    assert [set(rules(activity)) for activity in activities if not activity.accepted] == [
        {"plumbline:ACTIVITY_CUT"}, {"plumbline:TOO_MANY_ELEMENTS"}, {"plumbline:TOO_DEEP"}
    ]  # fmt: skip
    assert summary.findings == ()
    assert len(activities[0].xml) == 4096
    activities, summary = read(spool, a_file(*GOOD, *[long] * 10), replace(limits, activity_bytes=100_000))
    assert refusal(summary) == "TOO_LARGE"
    assert activities[0].accepted


def test_the_root_and_everything_in_it_may_be_split_anywhere(spool: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = b"\xef\xbb\xbf<?xml version='1.0'?><!-- a -->\n" + a_file(
        "<!-- b -->", GOOD[0], "<iati-activity/>", an_activity(title="<narrative><![CDATA[]]]]>x</narrative>")
    )
    whole = read(spool, content)
    for size in (1024, 1031, 1537):
        monkeypatch.setattr("intake.reader.source.PIECE", size)
        assert read(spool, content) == whole


def test_pieces_of_one_byte() -> None:
    """The scanner alone, fed byte by byte, cuts as from one piece."""
    from intake.reader.scanner import Scanner

    content = a_file("<!-- <iati-activity> -->", GOOD[0], "<?pi?>", "<iati-activity />", f"<iati-activity>{GOOD[1]}")
    whole = list(Scanner(iter([content]), Limits()).cuts())
    assert list(Scanner((content[n : n + 1] for n in range(len(content))), Limits()).cuts()) == whole
    assert [cut.line for cut in whole] == [3, 18, 19, 19]


# The line protocol.


def test_lines_say_the_same_on_both_sides(spool: Path) -> None:
    activities, summary = read(spool, a_file(GOOD[0], an_activity(sectors="")))
    for said in (*activities, summary, Progress(line=7, bytes_read=9)):
        line = encode(said)
        assert line.count(b"\n") == 1
        assert decode(line) == said
    for wrong in (b"", b"null", b"[]", b"{}", b'{"kind":"activity"}', b"\xff", b'{"kind":"progress","x":1}'):
        with pytest.raises(ValueError, match=r".*"):
            decode(wrong)

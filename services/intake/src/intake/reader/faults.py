"""What can be wrong with a file as a whole, each with its remedy."""

from __future__ import annotations

from typing import Final

from intake.domain.finding import Finding, Severity, clip

_REMEDIES: Final[dict[str, tuple[Severity, str]]] = {
    "FILE_EMPTY": ("error", "Export the file again; nothing was in it."),
    "NOT_XML": ("error", "Send an IATI activity file: XML whose root is iati-activities."),
    "WRONG_ROOT": ("error", "Send an IATI activity file: its root is iati-activities."),
    "ORGANISATION_FILE": ("error", "Send the activity file; organisation files hold no results."),
    "DOCTYPE": ("error", "Remove the <!DOCTYPE …> line; IATI files need none."),
    "VERSION_MISSING": ("error", 'Write the version into the root: <iati-activities version="2.03">.'),
    "VERSION_1": ("error", "Upgrade the file to IATI 2.03 and send it again; version 1 ended in 2022."),
    "VERSION_UNKNOWN": ("warning", "Write version 2.01, 2.02 or 2.03; the file was judged as 2.03."),
    "ROOT_ATTRIBUTE": ("warning", "Mend the attribute; the activities were judged on their own."),
    "UNEXPECTED_CONTENT": ("warning", "Keep only iati-activity elements in iati-activities; this was not read."),
    "NO_ACTIVITIES": ("error", "Send a file with at least one iati-activity."),
    "CUT_OFF": ("error", "Send the whole file again; what stands before this line was judged."),
    "ENCODING_UNKNOWN": ("error", "Save the file as UTF-8 and send it again."),
    "ENCODING_MISMATCH": ("warning", "Let the XML declaration name the encoding the file is saved in, best UTF-8."),
    "TOO_LARGE": ("error", "Split the file; what stands before this line was judged."),
    "PACKED_TOO_TIGHT": ("error", "Send the file unpacked."),
    "PACKED_BROKEN": ("error", "Pack the file again with gzip, or send it unpacked."),
    "ACTIVITY_FATAL": ("error", "Make it smaller or simpler; the other activities were judged without it."),
    "READER_LIMIT": ("error", "Split the file; the activity after this line costs more than a file may."),
    "READER_FAILED": ("error", "Send the file in smaller parts, so that the activity that cannot be read shows."),
}


def fault(name: str, message: str, *, line: int | None = None, text: str | None = None) -> Finding:
    """A finding about the file, by the name of its rule."""
    severity, remedy = _REMEDIES[name]
    return Finding(
        rule=f"plumbline:{name}", severity=severity, message=message, remedy=remedy, line=line, text=clip(text)
    )


class Refused(Exception):
    """Reading ends here, with this finding about the file."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding

"""Reading IATI activity files, which strangers send: in a process of its own, within limits, activity by activity."""

from intake.reader.process import read_file
from intake.reader.protocol import FileSummary, JudgedActivity, Limits

__all__ = ["FileSummary", "JudgedActivity", "Limits", "read_file"]

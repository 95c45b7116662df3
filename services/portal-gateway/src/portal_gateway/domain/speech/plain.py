"""Texts of publishers as people read them: many files have HTML inside their descriptions."""

from __future__ import annotations

import html
import re
from typing import Final

_TAG: Final = re.compile(
    r"</?(?:a|abbr|b|blockquote|br|center|div|em|font|h[1-6]|hr|i|li|ol|p|pre|s|small|span|strong|sub|sup"
    r"|table|tbody|td|th|thead|tr|u|ul)(?:\s+[a-z-]+\s*=[^<>]*)?\s*/?>",
    re.IGNORECASE,
)
"""Tags that only arrange text. Any other stays as it was written, so that nothing is hidden from the reader."""

_SHORT: Final = 420
"""Characters of a description that stand above a figure without pushing it off the first screen."""


def plain(text: str) -> str:
    """The text without tags that arrange it and with its character references read: text still, never markup."""
    if "<" not in text and "&" not in text:
        return text
    return " ".join(_TAG.sub(" ", html.unescape(text)).split())


def beginning(text: str) -> str:
    """The first sentences of a long text, else its first words with an ellipsis; a short one whole."""
    if len(text) <= _SHORT:
        return text
    head = text[:_SHORT]
    if (end := max(head.rfind(". "), head.rfind("。"), head.rfind("؟ "))) >= _SHORT // 2:
        return head[: end + 1]
    words = head.rpartition(" ")[0]
    return f"{words if len(words) >= _SHORT // 2 else head} …"

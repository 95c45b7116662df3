"""Every rule an activity is judged by: how grave it is here, and the shortest remedy (ADR 0020).

``iati:`` rules are numbered as in the IATI 2.03 ruleset. An error quarantines the activity, and is kept for what
would make a figure wrong: shares that do not add up, amounts or days that cannot be meant, an identity that
cannot be told. What is merely missing is a warning, because coverage shows it (methodology §0.5).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from intake.domain.finding import Severity


@dataclass(frozen=True, slots=True)
class Rule:
    """Gravity and remedy of a rule."""

    severity: Severity
    remedy: str


_SPACES: Final = Rule("warning", "Remove the spaces and line breaks around it.")
_SYMBOLS: Final = Rule("warning", "Use a reference without the symbols / & | and ?.")
_NAMED: Final = Rule("warning", "Give it a ref, or a narrative with its name.")
_ORDER: Final = Rule("error", "Mend one of the two days.")
_FUTURE: Final = Rule("error", "Give the day it happened; plans belong into planned dates and budgets.")
_EACH: Final = Rule("error", "Give each of them a percentage, together 100.")
_SUM: Final = Rule("error", "Make the percentages add up to 100.")
_SINGLE: Final = Rule("error", "Leave the percentage out, or write 100.")
_RANGE: Final = Rule("error", "Write a percentage from 0 to 100.")
_VALUE: Final = Rule("warning", "Write the figure into value, and leave the words in the comment.")
_DECIMAL: Final = Rule("warning", "Write a plain decimal such as 1234.5, without spaces, units, commas or exponent.")
_QUALITATIVE: Final = Rule("warning", "Leave value out, or choose the measure that the figure has.")

RULES: Final[dict[str, Rule]] = {
    # Identity
    "iati:1.1.3": Rule("error", "Append your own activity number to the organisation reference."),
    "iati:1.1.21": Rule("warning", "Begin the identifier with the reporting organisation's reference and a hyphen."),
    "iati:1.14.8": Rule("warning", "Use an organisation identifier that begins with an agency of org-id.guide."),
    "iati:1.3.1": _SPACES,
    "iati:1.4.1": _SPACES,
    "iati:1.5.1": _SPACES,
    "iati:1.6.1": _SPACES,
    "iati:1.7.1": _SPACES,
    "iati:1.8.1": _SPACES,
    "iati:1.9.1": _SPACES,
    "iati:1.10.1": _SPACES,
    "iati:1.11.1": _SPACES,
    "iati:1.14.1": _SPACES,
    "iati:1.15.1": _SPACES,
    "iati:1.16.1": _SPACES,
    "iati:1.3.13": _SYMBOLS,
    "iati:1.8.13": _SYMBOLS,
    "iati:1.10.13": _SYMBOLS,
    "iati:1.11.13": _SYMBOLS,
    "iati:1.14.13": _SYMBOLS,
    "iati:1.15.13": _SYMBOLS,
    "iati:6.8.1": _NAMED,
    "iati:6.9.1": _NAMED,
    "iati:6.9.2": _NAMED,
    "iati:6.10.1": _NAMED,
    "plumbline:IDENTIFIER_MISSING": Rule("error", "Give the activity its iati-identifier."),
    "plumbline:REPORTER_MISSING": Rule(
        "error", "Write the reporting organisation's reference into reporting-org/@ref."
    ),
    "plumbline:TEXT_LENGTH": Rule("error", "Shorten it to 256 characters."),
    # Language and texts
    "iati:4.1.1": Rule("warning", "Set xml:lang on the activity, or on every narrative."),
    "iati:4.3.1": Rule("warning", "Write the title into a narrative."),
    "iati:4.4.1": Rule("warning", "Write the description into a narrative."),
    "plumbline:TEXT_CUT": Rule("notice", "Nothing to do; the whole text stays in the file as received."),
    # Dates of the activity
    "iati:6.11.1": Rule("warning", "Add activity-date type 1 (planned start) or 2 (actual start)."),
    "iati:11.1.1": Rule("warning", "Set last-updated-datetime to when the data was last changed."),
    "iati:11.1.2": _ORDER,
    "iati:11.1.3": _ORDER,
    "iati:11.1.4": Rule("warning", "Use type 1 (planned start) until it has begun."),
    "iati:11.1.5": Rule("warning", "Use type 3 (planned end) until it has ended."),
    "plumbline:DATE_RANGE": Rule("error", "Write a day from 1900-01-01 to 2200-12-31."),
    # Countries and regions
    "iati:3.1.1": _EACH,
    "iati:3.1.2": _SUM,
    "iati:3.1.4": _SINGLE,
    "iati:3.4.1": _EACH,
    "iati:3.4.2": _SUM,
    "iati:3.4.4": _SINGLE,
    "iati:3.6.2": Rule("warning", "Keep recipients on the activity, or on its transactions, not on both."),
    "iati:3.7.1": Rule("warning", "Add recipient-country or recipient-region with percentages."),
    "iati:3.7.2": Rule("warning", "Give every transaction a recipient, or move recipients to the activity."),
    "iati:12.1.1": _RANGE,
    # Sectors
    "iati:2.1.1": _EACH,
    "iati:2.1.2": _SUM,
    "iati:2.1.4": _SINGLE,
    "iati:2.2.1": Rule("warning", "Name the code in a narrative; nobody else knows your list."),
    "iati:6.2.2": Rule("warning", "Add sectors, best with DAC purpose codes (vocabulary 1)."),
    "iati:6.6.2": Rule("error", "Keep sectors on the activity, or on its transactions, not on both."),
    "iati:6.7.2": Rule("warning", "Give every transaction a sector, or move sectors to the activity."),
    "iati:12.3.1": _RANGE,
    "iati:102.1.1": Rule("warning", "Add sectors of vocabulary 1 (DAC purpose) beside your own."),
    # The methodology's own reading of percentages (§0.6)
    "plumbline:PERCENT_SUM": Rule("error", "Make the percentages add up to 100; half a point off is normalised."),
    "plumbline:PERCENTAGE_REQUIRED": Rule("error", "Give each of them a percentage, together 100."),
    "plumbline:PERCENT_NORMALISED": Rule(
        "notice", "Nothing to do; make them add up to exactly 100 when you next publish."
    ),
    "plumbline:PILLAR_INFERRED": Rule(
        "notice", "Declare it: sector vocabulary 99, codes P1 to P4, vocabulary-uri of Plumbline, with percentages."
    ),
    "plumbline:PILLAR_UNKNOWN": Rule("error", "Use the codes P1, P2, P3 and P4."),
    "plumbline:ALLOCATION_FROM_TRANSACTIONS": Rule(
        "notice", "Nothing to do; percentages on the activity would be exact."
    ),
    # Classifications
    "iati:6.13.1": _NAMED,
    "iati:6.14.1": Rule("warning", "Add significance; without it the activity counts as not screened."),
    "iati:107.1.1": Rule("warning", "Add a default-aid-type of vocabulary 1 (OECD DAC)."),
    "iati:107.1.2": Rule("warning", "Keep one default-aid-type a vocabulary."),
    "iati:107.2.1": Rule("warning", "Add an aid-type of vocabulary 1 (OECD DAC)."),
    "iati:107.2.2": Rule("warning", "Keep one aid-type a vocabulary."),
    "plumbline:MARKER_UNREADABLE": Rule(
        "warning", "Use significance 0 to 2 (DAC; 3 and 4 where their policy has them), 0 to 3 (GEM, HRM)."
    ),
    # Money
    "iati:7.5.3": Rule("warning", "Split the budget into periods of at most a year."),
    "iati:7.8.1": Rule("error", "Set default-currency on the activity, or currency on every value."),
    "iati:7.9.1": Rule("warning", "Give each budget item a percentage."),
    "iati:7.9.2": Rule("warning", "Make the budget items' percentages add up to 100."),
    "iati:7.9.4": Rule("warning", "Leave the percentage out, or write 100."),
    "iati:8.6.3": _ORDER,
    "iati:11.2.1": _FUTURE,
    "iati:11.2.2": Rule("warning", "Use the day whose exchange rate holds; it cannot be ahead."),
    "iati:12.2.1": Rule("warning", "Write a percentage from 0 to 100."),
    "plumbline:CURRENCY": Rule("error", "Write the currency's three capital letters, e.g. USD."),
    "plumbline:AMOUNT": Rule("error", "Write a plain decimal of at most 24 digits either side of the point."),
    # Results
    "iati:8.6.1": Rule("warning", "Mend one of the two days; until then nothing of the period is read."),
    "iati:8.8.1": _VALUE,
    "iati:8.8.2": _DECIMAL,
    "iati:8.8.3": _QUALITATIVE,
    "iati:8.9.1": _VALUE,
    "iati:8.9.2": _DECIMAL,
    "iati:8.9.3": _QUALITATIVE,
    "iati:8.10.1": _VALUE,
    "iati:8.10.2": _DECIMAL,
    "iati:8.10.3": _QUALITATIVE,
    "iati:8.11.1": Rule("warning", "Keep the reference on the indicator only."),
    "plumbline:RESULT_TYPE": Rule("error", "Use result type 1 output, 2 outcome, 3 impact or 9 other."),
    "plumbline:MEASURE": Rule("error", "Use measure 1 unit, 2 percentage, 3 nominal, 4 ordinal or 5 qualitative."),
    "plumbline:YEAR": Rule("warning", "Write a year from 1900 to 2200."),
    # Codes and Plumbline's own attributes
    "iati:codelist": Rule("warning", "Use a code of the list as published by IATI."),
    "iati:codelist-embedded": Rule("error", "Use a code of the list; it is part of the standard."),
    "plumbline:EXTENSION": Rule("warning", "Use one of the values that Plumbline's extension knows."),
    "plumbline:TOO_MANY": Rule("error", "Split the activity."),
}

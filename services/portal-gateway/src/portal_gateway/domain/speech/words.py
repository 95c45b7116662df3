"""The portal's words for codes, and what helps: short, active, no blame.

Every text is a message for the translators' catalogue: ``N_`` marks it here, the templates translate it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from portal_gateway.domain.speech.language import N_


@dataclass(frozen=True, slots=True)
class Word:
    """A word with its icon; ``tone`` names the colour class."""

    text: str
    icon: str
    tone: str = ""


STATES: Final[dict[str, Word]] = {
    "PUBLISHED": Word(N_("Published"), "pub"),
    "PROVISIONAL": Word(N_("Provisional"), "prov"),
    "INSUFFICIENT_DATA": Word(N_("Insufficient data"), "ins"),
    "NOT_APPLICABLE": Word(N_("Not applicable"), "early", "nod"),
}
"""State of a figure (methodology §0.5)."""

WITHHELD: Final[dict[str, Word]] = {
    "small-cell": Word(N_("Withheld: fewer than three projects or two entities"), "wh", "nod"),
    "complementary": Word(N_("Withheld so that another figure cannot be worked out"), "wh", "nod"),
}
"""Why a total is not told to this reader (methodology §0.6), in the place of its state."""

STATUSES: Final[dict[str, Word]] = {
    "ACHIEVED": Word(N_("Achieved"), "ach", "on"),
    "MAINTAINED": Word(N_("Maintained"), "ach", "on"),
    "ON_TRACK": Word(N_("On track"), "on", "on"),
    "ACCELERATE": Word(N_("Accelerate"), "acc", "acc"),
    "LIMITED": Word(N_("Limited"), "lim", "lim"),
    "REGRESSING": Word(N_("Regressing"), "reg", "reg"),
    "NOT_ACHIEVED": Word(N_("Not achieved"), "not", "lim"),
    "BREACHED": Word(N_("Breached"), "not", "lim"),
    "TOO_EARLY": Word(N_("Too early"), "early", "nod"),
    "NOT_DUE": Word(N_("Not due"), "early", "nod"),
    "STALE": Word(N_("Stale"), "early", "nod"),
    "WITHHELD": Word(N_("Withheld"), "wh", "nod"),
    "NO_DATA": Word(N_("No data"), "nod", "nod"),
    "UNSCORABLE": Word(N_("Cannot be scored"), "nod", "nod"),
}
"""Pace of an indicator (M2), in the order in which a list of counts names them."""

OUTCOMES: Final[dict[str, Word]] = {
    "accepted": Word(N_("Accepted"), "ach", "on"),
    "unchanged": Word(N_("Nothing new"), "early", "nod"),
    "partly-quarantined": Word(N_("Partly quarantined"), "acc", "acc"),
    "quarantined": Word(N_("Quarantined"), "not", "reg"),
}
"""What became of a submission."""

SEVERITIES: Final[dict[str, Word]] = {
    "error": Word(N_("Error"), "not", "reg"),
    "warning": Word(N_("Warning"), "acc", "acc"),
    "notice": Word(N_("Notice"), "early", "nod"),
}
"""How grave a finding is."""

PILLARS: Final[dict[str, tuple[str, str]]] = {
    "P1": (N_("Pillar I"), N_("Conditions conducive to the spread of terrorism")),
    "P2": (N_("Pillar II"), N_("Preventing and combating terrorism")),
    "P3": (N_("Pillar III"), N_("Building States’ capacity and the role of the United Nations")),
    "P4": (N_("Pillar IV"), N_("Human rights for all and the rule of law")),
}
"""Short name and subject of each pillar of the Global Counter-Terrorism Strategy."""


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric's name and the question it answers."""

    code: str
    name: str
    question: str


METRICS: Final[dict[str, Metric]] = {
    "M1": Metric("M1", N_("Indicator attainment"), N_("How far has the indicator moved from baseline to target?")),
    "M2": Metric("M2", N_("Pace"), N_("Is the pace enough to reach the target on time?")),
    "M3": Metric("M3", N_("Strength of evidence"), N_("How much should a reader trust these values?")),
    "M4": Metric(
        "M4",
        N_("Project effectiveness"),
        N_("Of the change that projects set out to make, how much is made?"),
    ),
    "M5": Metric("M5", N_("Evaluations"), N_("How many of the evaluated projects were found to do well?")),
    "M6": Metric(
        "M6",
        N_("Contribution to change"),
        N_("Of the intended change, how much is achieved, and how much of it is evidenced as the UN’s contribution?"),
    ),
    "M7": Metric("M7", N_("Pillar balance"), N_("How are resources divided over the four pillars?")),
    "M8": Metric(
        "M8",
        N_("Gender and human rights"),
        N_("How many projects have gender equality as a significant or principal objective?"),
    ),
    "M9": Metric(
        "M9",
        N_("Women, peace and security"),
        N_("What share of expenditure has gender equality as its principal objective? The target is 15 per cent."),
    ),
    "M10": Metric(
        "M10",
        N_("Highest risk"),
        N_("How high is the highest open risk? All of the scale is 25, likelihood 5 times impact 5."),
    ),
    "M11": Metric("M11", N_("Funding"), N_("How much of what projects require do they have?")),
    "M12": Metric("M12", N_("Duplication"), N_("How many pairs of projects may be one project, reported twice?")),
    "M13": Metric("M13", N_("Needs"), N_("How much of what countries need is met?")),
    "M14": Metric("M14", N_("Resolutions"), N_("How far are the resolutions’ provisions implemented?")),
    "M15": Metric("M15", N_("Reporting"), N_("Is what is due reported, and on time?")),
    "M17": Metric("M17", N_("Scorecard"), N_("The four pillars in one figure, in which the weakest shows.")),
}
"""The metrics that are computed today."""


def metric(code: str) -> Metric:
    """The metric's words; one of a later method is called by its code."""
    return METRICS.get(code) or Metric(code, code, "")


PROJECT_STATUSES: Final[dict[str, str]] = {
    "1": N_("Pipeline"),
    "2": N_("Implementing"),
    "3": N_("Finalisation"),
    "4": N_("Closed"),
    "5": N_("Cancelled"),
    "6": N_("Suspended"),
}
"""IATI ActivityStatus."""

LEVELS: Final[dict[str, str]] = {
    "3": N_("Impact"),
    "2": N_("Outcomes"),
    "1": N_("Outputs"),
    "9": N_("Other results"),
}
"""IATI ResultType; impact first, because outputs alone say nothing of effect."""

MEASURES: Final[dict[str, str]] = {
    "1": N_("Count"),
    "2": N_("Per cent"),
    "3": N_("In words, without an order"),
    "4": N_("Rank"),
    "5": N_("In words"),
}
"""IATI IndicatorMeasure."""

ACCUMULATIONS: Final[dict[str, str]] = {
    "CUMULATIVE": N_("cumulative"),
    "POINT_IN_TIME": N_("point in time"),
    "PERIODIC_SUM": N_("sum of periods"),
    "RATIO": N_("ratio"),
}
"""How values of several periods belong together (M1)."""

RUBRIC: Final[dict[str, str]] = {
    "NOT": N_("Not"),
    "PARTIAL": N_("Partly"),
    "MOSTLY": N_("Mostly"),
    "FULL": N_("Fully"),
}
"""The ladder of an indicator in words."""

CLASSES: Final[dict[str, str]] = {
    "public": N_("Everybody signed in"),
    "member-states": N_("Member States and the Compact"),
    "compact": N_("Entities of the Compact"),
    "owner": N_("Its owner"),
}
"""Who may read; ``state:XX`` is worded by the page."""


@dataclass(frozen=True, slots=True)
class Flag:
    """A flag in plain words and the way out of it."""

    text: str
    remedy: str = ""


FLAGS: Final[dict[str, Flag]] = {
    "PILLAR_INFERRED": Flag(
        N_("Pillars inferred from purpose codes"), N_("Confirm the pillars in the next file, or correct the shares")
    ),
    "ALLOCATION_FROM_TRANSACTIONS": Flag(
        N_("Shares weighed by transactions"), N_("State percentages for countries and sectors of the project itself")
    ),
    "THEME_EQUAL_SHARES": Flag(N_("Several themes, which share equally"), ""),
    "PERIODIC_SUM": Flag(N_("Values of periods are added up"), ""),
    "WITHOUT_BUDGET": Flag(N_("Some projects state no budget"), N_("Publish budgets; without one no gap is known")),
    "NO_REGISTER": Flag(N_("No risk register"), N_("Register the risks before the work begins")),
    "UNTREATED_HIGH": Flag(
        N_("A high risk has no owner or no mitigation"), N_("Name who answers for it, and what is done about it")
    ),
    "RESIDUAL_VERY_HIGH": Flag(N_("A very high risk remains"), N_("Bring it to the Coordination Committee")),
    "HRDDP_INCOMPLETE": Flag(
        N_("Human rights due diligence is not complete"), N_("Complete it before support is given")
    ),
    "HRDDP_REAL_RISK": Flag(N_("Human rights due diligence refused the support"), ""),
    "OVERALL_DERIVED": Flag(N_("Overall rating derived from the criteria"), ""),
    "BY_DIALECT:direction": Flag(N_("Direction read from the values, as the publisher adopted"), ""),
    "BY_DIALECT:accumulation": Flag(N_("Periods read together as the publisher adopted"), ""),
    "BY_DIALECT:location_is_total": Flag(N_("A location read as the total, as the publisher adopted"), ""),
    "BY_DIALECT:zero_means_missing": Flag(N_("Noughts read as not reported, as the publisher adopted"), ""),
    "BY_DIALECT:period_basis": Flag(N_("Periods paired by years, or as a whole, as the publisher adopted"), ""),
    "BY_DIALECT:percent_as": Flag(N_("Shares of one read as per cent, as the publisher adopted"), ""),
    "BY_DIALECT:default_pillar": Flag(N_("Pillars read from purpose codes, as the publisher adopted"), ""),
    "PILLAR_UNALLOCATED": Flag(N_("Not allocated to a pillar"), N_("Say which pillars the project serves")),
    "DIRECTION_INFERRED": Flag(
        N_("Direction read from baseline and target"), N_("Say whether higher is better (ascending)")
    ),
    "DIRECTION_CONFLICT": Flag(
        N_("Declared direction contradicts baseline and target"),
        N_("Correct the direction, the baseline or the target"),
    ),
    "ZERO_RANGE": Flag(N_("Target equals baseline: read as keeping the level"), ""),
    "THRESHOLD_BREACHED": Flag(N_("The level to be kept was missed"), ""),
    "TARGET_PLACEHOLDER": Flag(
        N_("Baseline and target are both zero: no target was set"), N_("Set a target, or mark the indicator as context")
    ),
    "OVER_ACHIEVED": Flag(N_("Target passed by more than a fifth"), N_("Review the target; the score stays full")),
    "REGRESSED": Flag(N_("Below the baseline"), ""),
    "NO_BASELINE": Flag(N_("No baseline"), N_("Add a baseline with its year")),
    "NO_TARGET": Flag(N_("No target"), N_("Add a target to the final period, or mark the indicator as context")),
    "NO_ACTUAL": Flag(N_("No value reported"), N_("Report a value, or say that it does not apply")),
    "MISSING": Flag(N_("A due value is missing"), N_("Report the value, or say that it does not apply")),
    "BASELINE_IMPUTED_ZERO": Flag(N_("No baseline: zero assumed for a count"), N_("Add a baseline with its year")),
    "TARGET_REVISED": Flag(N_("Target lowered after the start"), N_("Both scores are shown")),
    "PERIODS_DISAGREE": Flag(
        N_("Inner periods do not add up to the enclosing one"), N_("Say how the periods belong together")
    ),
    "ACCUMULATION_ASSUMED": Flag(
        N_("Read as a point in time: the file does not say"), N_("Say whether values add up over periods")
    ),
    "PERIODS_PAIRED": Flag(N_("Target and value stand in different periods"), N_("Report both in one period")),
    "LOCATION_IS_TOTAL": Flag(N_("The only place given is read as the total"), ""),
    "OUTPUTS_WITHOUT_OUTCOMES": Flag(N_("Outputs without outcomes"), N_("Report the outcome indicators")),
    "PERCENT_NORMALISED": Flag(N_("Shares adjusted to add up to the whole"), N_("Correct the shares in the next file")),
    "RUBRIC": Flag(N_("Rated in words by a named assessor"), ""),
    "ORDINAL_INTERVAL": Flag(N_("Ranks read as equal steps"), ""),
    "QUALITATIVE_UNRATED": Flag(N_("In words, not rated"), N_("Have an assessor rate it, with evidence")),
    "NOT_NUMERIC": Flag(N_("In words, without an order"), N_("Mark the indicator as context")),
    "VALUE_UNREADABLE": Flag(
        N_("The value is not a number"), N_("Send the figure as a decimal, the words as a comment")
    ),
    "DISAGGREGATED_ONLY": Flag(N_("Only parts were reported"), N_("Report the total as well")),
    "UNSTABLE_PACE": Flag(N_("Pace changes strongly between reports"), ""),
    "STALE": Flag(N_("The latest value is old"), N_("Report a newer value")),
    "SUSPENDED": Flag(N_("Suspended: the figure stands still"), ""),
    "WITHHELD": Flag(N_("Withheld by its owner"), ""),
    "SMALL_CELL": Flag(N_("Fewer than three projects or two entities: not public"), ""),
    "COMPLEMENTARY": Flag(N_("Not public, because another figure could be worked out from it"), ""),
    "NO_BUDGET": Flag(N_("No budget: not in the figure by budget"), N_("Report the budget")),
    "NO_RESULTS": Flag(N_("No results"), N_("Add results with indicators to the next file")),
    "DIRECTION_UNKNOWN": Flag(N_("Higher or lower, which is better?"), N_("Say whether higher is better (ascending)")),
    "NOMINAL": Flag(N_("In words, without an order"), N_("Mark the indicator as context")),
    "QUALITATIVE": Flag(N_("In words, not rated"), N_("Have an assessor rate it, with evidence")),
    "ACTUAL_IN_WORDS": Flag(N_("Figure only in a comment"), N_("Write the figure into the value")),
    "ACTUAL_DISAGGREGATED": Flag(N_("Only parts were reported"), N_("Report the total as well")),
    "BASELINE_IGNORED": Flag(N_("Baseline not used: periods are summed from zero"), ""),
    "BAND_MISSING": Flag(N_("No corridor given"), N_("Say between which values it should stay")),
    "NO_BAND": Flag(N_("No corridor given"), N_("Say between which values it should stay")),
    "RATIO_ZERO": Flag(N_("Divided by zero"), N_("Correct the denominator")),
    "RATIO_WITHOUT_PARTS": Flag(N_("A ratio without its parts"), N_("Report numerator and denominator")),
    "SEVERAL_VALUES": Flag(N_("Several values for one period"), N_("Report one total for the period")),
    "SEVERAL_TARGETS": Flag(N_("Several targets for one period"), N_("Give one target for the period")),
    "SEVERAL_BASELINES": Flag(N_("Several baselines"), N_("Give one baseline")),
    "PARTITION_COMPLETE": Flag(N_("Parts that make up the whole were added"), ""),
    "CUMULATIVE_FITS": Flag(
        N_("Values never fall: they may be cumulative"), N_("Say whether they add up over periods")
    ),
    "PERIODIC_SUM_MAY_FIT": Flag(
        N_("Values stay level: they may be per period"), N_("Say whether they add up over time")
    ),
    "FX_RATE_MISSING": Flag(N_("Money in a currency without a rate is left out"), ""),
    "ASSESSORS_DISAGREE": Flag(N_("State and CTED disagree"), ""),
    "LAGGING": Flag(N_("Less than half implemented, and slow"), ""),
    "NEGATIVE_TOTAL": Flag(N_("Refunds exceed payments: no share can be said"), ""),
    "INCLUDES_SUSPENDED": Flag(N_("Suspended projects stand still in it"), ""),
    "INCLUDES_WITHHELD": Flag(
        N_("Projects that their owners withhold count as unknown, and their money is left out"), ""
    ),
    "DEMONSTRATION": Flag(N_("Invented for a demonstration"), ""),
}
"""Every flag a figure or a project may carry (methodology §1, §2.5)."""


def flag(code: str) -> Flag:
    """The flag's words; an unknown code speaks for itself, so that none is swallowed."""
    name, _, rest = code.partition(":")
    if name == "BY_DIALECT":
        return Flag(N_("Read by an adopted reading of this publisher"), "")
    known = FLAGS.get(code) or FLAGS.get(name)
    return known or Flag(name.replace("_", " ").lower() + (f" ({rest})" if rest else ""))

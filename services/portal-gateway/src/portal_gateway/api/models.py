"""What the REST interface answers, for its OpenAPI document: the events' own models, with a place in the feed."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from contracts.alerts import AlertRaised
from contracts.metrics import MetricUpdated
from contracts.notifications import NotificationCreated
from contracts.portfolio import Budget, IndicatorDefined, Link, ObservationRecorded, ProjectState
from contracts.receipts import SubmissionProcessed


class Figure(MetricUpdated):
    """A published figure; values in µ (1 000 000 is one), money in cents of a US dollar."""

    seq: int = Field(description="place in the feed; the stream continues behind it with ?after=")


class Figures(BaseModel):
    """A page of figures."""

    items: list[Figure]
    next: str | None = Field(description="cursor of the following page")


class Observation(BaseModel):
    """An actual, and the values it replaced, the oldest first."""

    data: ObservationRecorded
    replaced: list[str]


class Indicator(IndicatorDefined):
    """An indicator with what was observed."""

    observations: list[Observation]


class ProjectSummary(ProjectState):
    """A project as its entity describes it."""

    withdrawn: bool
    updated_at: datetime
    seq: int


class Project(ProjectSummary):
    """A project with its indicators, budgets and figures."""

    indicators: list[Indicator]
    budget_lines: list[Budget]
    figures: list[Figure]
    alerts: list[AlertRaised]


class FacetValue(BaseModel):
    """How many projects have one value of a facet."""

    value: str
    total: int


class NearSearch(BaseModel):
    """A search that finds something where the one asked for does not."""

    leaves_out: str = Field(description="a filter, words, ids, other-words or all")
    total: int
    query: str


class Projects(BaseModel):
    """A page of projects."""

    items: list[ProjectSummary]
    total: int = Field(description="how many were found")
    searched: str | None = Field(description="what was searched for, where no project has the words as written")
    similar: bool = Field(description="whether ``searched`` says something")
    missing: list[str] = Field(description="identifiers asked for that are not known, or not yours to read")
    near: list[NearSearch] = Field(description="where nothing was found: what asks for less and finds something")
    facets: dict[str, list[FacetValue]] | None = Field(description="where asked for: totals by facet and value")
    next: str | None


class Change(BaseModel):
    """One thing that a version changed, in words; empty where nothing was said."""

    what: str
    before: str
    after: str


class Version(BaseModel):
    """One version of a part of a project."""

    number: int = Field(description="among the versions that the caller may read, the oldest is 1")
    version: str = Field(description="its place in the order of the project: recorded time, then sequence")
    part: str = Field(description="what it is a version of")
    kind: Literal["project", "status", "indicator", "observation", "budget"]
    at: datetime = Field(description="when it was recorded")
    entity: str
    what: str = Field(description="its name in words")
    lang: str | None = Field(description="the language of the name where it is another than the caller's")
    cause: Literal["NEW_DATA", "LATE_DATA", "CORRECTION", "RETRACTION", "CLASSIFICATION_CHANGE"]
    changes: list[Change]
    reason: str | None
    event_type: str
    event_id: str
    submission_id: str | None
    receipt: bool = Field(description="whether the caller may read the receipt of the submission")
    file: str | None
    line: int | None
    replaces: str | None = Field(description="the version of the same part before it")


class History(BaseModel):
    """A page of versions, the newest first."""

    items: list[Version]
    next: str | None


class Related(BaseModel):
    """What stands beside a project."""

    pairs: list[dict[str, Any]] = Field(description="as scoring's /v1/duplicates lists them, with their evidence")
    links: list[Link] = Field(description="related activities that its entity names")


class SavedView(BaseModel):
    """A search kept under a name."""

    view_id: str
    name: str
    query: str = Field(description="as in the address of /projects")
    shared: bool = Field(description="with its owner's organisation")
    standard: bool = Field(description="what /projects shows this caller by itself")
    own: bool


class SavedViews(BaseModel):
    """The caller's views, and those shared with the caller's organisation."""

    items: list[SavedView]


class Receipt(SubmissionProcessed):
    """What became of a submission."""

    seq: int


class Receipts(BaseModel):
    """A page of receipts, without their findings."""

    items: list[Receipt]
    next: str | None


class Message(NotificationCreated):
    """A message in the caller's inbox."""

    read_at: datetime | None
    snoozed_until: datetime | None = None
    archived_at: datetime | None = None
    shown_at: datetime
    unread: bool
    seq: int


class Standing(BaseModel):
    """What waits in the inbox."""

    unread: int
    next_due: datetime | None


class Messages(BaseModel):
    """A page of the inbox."""

    items: list[Message]
    unread: int
    next: str | None


class Me(BaseModel):
    """Who the caller is taken for."""

    subject: str
    name: str
    role: Literal["entity", "member-state", "secretariat", "donor", "operator"]
    organisation: str
    country: str
    until: datetime

"""What can be wrong with a request, in the portal's own words."""

from __future__ import annotations


class DomainError(Exception):
    """The base of the portal's refusals; ``code`` becomes the problem's type."""

    code = "invalid"


class ScopeError(DomainError):
    """The scope does not follow the grammar of architecture §9."""

    code = "invalid-scope"


class FigureError(DomainError):
    """What is written names no figure: neither a metric and a scope nor what several have in common."""

    code = "invalid-figure"


class WishError(DomainError):
    """A search asks for what there cannot be; ``problems`` are (parameter, what is wrong), all of them."""

    code = "invalid-search"

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        self.problems = problems
        super().__init__("; ".join(f"{name}: {text}" for name, text in problems))

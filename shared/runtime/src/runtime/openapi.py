"""What every operation may answer besides its own result, written into its OpenAPI document once for all of them."""

from __future__ import annotations

from typing import Any, Final

from fastapi import FastAPI

_READS: Final = {
    400: "An address that cannot be meant: a cursor, a scope or a filter that is none of ours",
    401: "No token, or one that is refused",
    403: "Not for this caller's role, or withheld from it",
    404: "Not there, or not yours to read: which of the two is not said",
    422: "A request that is not valid; `errors` lists every fault at once",
    429: "Asked too often, or while others ask for the same; Retry-After says when to come back",
    503: "Something this needs does not answer now; Retry-After says when to come back",
}
_COMMANDS: Final = {
    409: "What there is already stands in the way",
    413: "Larger than is taken",
    415: "Packed or written in a way that is not read",
}
_PROBLEM: Final[dict[str, Any]] = {
    "title": "ProblemDocument",
    "description": "RFC 9457, with a stable code; `errors` lists every fault at once.",
    "type": "object",
    "required": ["type", "title", "status", "code"],
    "properties": {
        "type": {"type": "string", "pattern": "^urn:plumbline:problem:"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "errors": {"type": "array", "items": {"type": "object"}},
    },
}
_REFERENCE: Final = {"$ref": "#/components/schemas/ProblemDocument"}
_METHODS: Final = {"get", "put", "post", "patch", "delete"}


def describe(app: FastAPI) -> None:
    """Let the app's OpenAPI document say what else every operation may answer, and that it wants a token.

    A description that a route gives itself stays.
    """
    plain = app.openapi

    def described() -> dict[str, Any]:
        made = app.openapi_schema is not None
        document = plain()
        return document if made else _with_refusals(document)

    app.openapi = described  # type: ignore[method-assign]


def _with_refusals(document: dict[str, Any]) -> dict[str, Any]:
    parts = document.setdefault("components", {})
    schemas = parts.setdefault("schemas", {})
    # What FastAPI would answer by itself; ours are problem documents.
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas["ProblemDocument"] = _PROBLEM
    parts["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT (RFC 9068)"}}
    for path in document["paths"].values():
        for method, operation in path.items():
            if method not in _METHODS:
                continue
            operation["security"] = [{"token": []}]
            answers = operation["responses"]
            if method == "get":
                answers.setdefault("304", {"description": "Not changed since the ETag that was sent"})
            for status, text in (_READS if method == "get" else _READS | _COMMANDS).items():
                own = answers.get(str(status), {}).get("description", "")
                answers[str(status)] = {
                    "description": own if own not in {"", "Validation Error"} else text,
                    "content": {"application/problem+json": {"schema": _REFERENCE}},
                }
    return document

"""Who is let in: the path, the query and the key, as each kind of server judges them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from tests.servers.realtime.profiles import Profile

PREVIEW = "2025-04-01-preview"


@dataclass(frozen=True)
class Refused:
    """An answer other than 101."""

    status: int
    body: str


@dataclass(frozen=True)
class Fatal:
    """Let in, told why, and closed with 4000."""

    code: str
    message: str


@dataclass
class Request:
    """What the client asked with."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]  # lower-case names; never leaves the process
    auth: str = "none"
    violations: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, target: str, headers: Iterable[tuple[str, str]]) -> Request:
        """Return the request for this target."""
        parts = urlsplit(target)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        return cls(parts.path, query, {name.lower(): value for name, value in headers})


@dataclass(frozen=True)
class Doors:
    """What this server asks of those who enter."""

    profile: Profile
    key: str
    entra: str  # the token that a keyless login would bring
    require_key: bool  # of a server that could do without
    refused_query: str  # azure-preview: "intent" or "deployment" is not served here

    def judge(self, request: Request) -> Refused | Fatal | None:
        """Return None for a client that may enter."""
        profile = self.profile
        if request.path != profile.path:
            return _refused(404, "not_found", "Resource not found")
        if refused := self._key(request):
            return refused
        request.violations += [
            f"query: {name} is not known here" for name in request.query.keys() - profile.allowed
        ]
        if missing := sorted(profile.required - request.query.keys()):
            return self._missing(missing[0])
        if profile.kind == "openai":
            return _openai(request)
        if profile.kind == "azure":
            return _azure(request)
        return self._preview(request.query) if profile.kind == "azure-preview" else None

    def _key(self, request: Request) -> Refused | None:
        bearer = request.headers.get("authorization", "")
        of_azure = "api-key" in request.headers
        in_query = "api-key" in request.query or "api_key" in request.query
        forms = {"bearer": bool(bearer), "api-key": of_azure, "query": in_query}
        forms["x-api-key"] = "x-api-key" in request.headers
        request.auth = "+".join(name for name, there in forms.items() if there) or "none"
        if self.profile.auth == "optional" and not self.require_key:
            return None
        if self.profile.auth == "azure":
            given = request.headers.get("api-key", request.query.get("api-key", ""))
            allowed = given == self.key if given else bearer == f"Bearer {self.entra}"
        elif self.profile.kind == "speaches":
            others = request.headers.get("x-api-key"), request.query.get("api_key")
            allowed = bearer == f"Bearer {self.key}" or self.key in others
        else:
            allowed = bearer == f"Bearer {self.key}"
        if allowed:
            return None
        status = 403 if self.profile.kind == "speaches" else 401
        return _refused(status, "invalid_api_key", "Incorrect API key provided.")

    def _missing(self, name: str) -> Refused | Fatal:
        if self.profile.kind == "speaches":
            return Refused(403, "")
        if self.profile.kind == "openai":
            return Fatal("missing_model", "You must provide a model parameter.")
        return _refused(400, "missing_required_parameter", f"The query needs {name}.")

    def _preview(self, query: dict[str, str]) -> Refused | None:
        if query["api-version"] != PREVIEW:
            return _refused(404, "404", "Resource not found")
        given = {"intent", "deployment"} & query.keys()
        if len(given) != 1 or self.refused_query in given:
            return _refused(400, "OperationNotSupported", "The operation is not supported.")
        return None


def _openai(request: Request) -> Fatal | None:
    if "openai-beta" in request.headers:
        return _beta()
    if request.query["intent"] != "transcription" or "model" in request.query:
        return Fatal(
            "invalid_model", "You must not provide a model parameter for transcription sessions."
        )
    return None


def _azure(request: Request) -> Refused | Fatal | None:
    if "api-version" in request.query:
        return _refused(401, "401", "Access denied: api-version is not for /openai/v1.")
    if "model" in request.query or request.query["intent"] != "transcription":
        message = "The operation does not work with the specified model."
        return _refused(400, "OperationNotSupported", message)
    return _beta() if "openai-beta" in request.headers else None


def _beta() -> Fatal:
    return Fatal(
        "beta_api_shape_disabled",
        "The Realtime Beta API is no longer supported. Please use /v1/realtime for the GA API",
    )


def _refused(status: int, code: str, message: str) -> Refused:
    return Refused(status, json.dumps({"error": {"code": code, "message": message}}))

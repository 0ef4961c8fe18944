"""The table of causes: maps a server's codes, words and numbers to a reaction and a message.

Codes, close codes and HTTP answers are those of OpenAI's API, and of Azure's and LiteLLM's answers.
Words are matched first: Azure says 401 or "Unauthorized" for a dozen causes, and only its sentence
distinguishes them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Action = Literal[
    "fatal",  # retrying is useless until something is changed
    "wait",  # a retry may succeed, but not at once
    "again",  # another connection may succeed, this one cannot
    "pass",  # the connection may still work: an overdue answer decides
]


@dataclass(frozen=True, slots=True)
class Cause:
    """A row of the table; `said` is for the user, who sees the server's words if it is empty."""

    action: Action
    said: str = ""  # {title} of the server, {key} and where it came from, {model}: the setting
    codes: tuple[str, ...] = ()  # in lower case
    words: str = ""  # a pattern of what it says, in lower case
    statuses: tuple[int, ...] = ()


EPHEMERAL = Cause(
    "fatal", "{title} does not accept {key} itself, only a short-lived secret obtained with it, "
    "and issues none. Ask its administrator to allow keys for realtime transcription.",
    words=r"(requires?|must use|needs?) (an )?ephemeral",
)  # fmt: skip
KEY = Cause(
    "fatal", "{title} refused {key}. Check that it belongs to this server, or set another with "
    "`tray-dictate key set`.",
    codes=("invalid_api_key", "invalid_issuer", "401", "unauthorized", "authenticationerror",
           "authentication_error", "invalid_authentication", "expired_key", "token_not_found_in_db",
           "auth_error"),
    words=r"(incorrect|invalid) (api|subscription) key|authentication error, invalid proxy server",
    statuses=(401, 3000),
)  # fmt: skip
FORBIDDEN = Cause(
    "fatal", "{title} refused {key}, or this machine. Check that the key belongs to this server, "
    "or set another with `tray-dictate key set`; otherwise its owner has to admit this network or "
    "this account.",
    codes=("403", "forbidden", "request_forbidden"), statuses=(403, 3003),
)  # fmt: skip
QUOTA = Cause(
    "fatal", "{title} says that the account has no quota left. Check its plan and billing, or "
    'set engine.name = "offline".',
    codes=("insufficient_quota", "billing_hard_limit_reached", "billing_not_active",
           "quota_exceeded", "account_deactivated", "budget_exceeded", "insufficient_credits"),
    words=r"exceeded your current quota|billing hard limit|budget has been exceeded|out of credits?"
    r"|account is not active|\bquota\b",
    statuses=(402,),
)  # fmt: skip
MODEL = Cause(
    "fatal", "{title} has no such model or deployment: {model}. Set it to one that it has.",
    codes=("invalid_model", "model_not_found", "model_load_error", "deploymentnotfound"),
    words=r"deployment for this resource does not exist|(have|has) access to (the )?model"
    r"|\bmodel\b.{0,80}(does not exist|not found)|(invalid|unknown|no such) model( name)?\b",
)  # fmt: skip
NOT_TRANSCRIBING = Cause(
    "fatal", "{title} does not transcribe with these settings: {model}. Set it to a transcription "
    "model's name or deployment.",
    codes=("operationnotsupported", "opperationnotsupported"),
    words=r"transcription session update event to a realtime session", statuses=(400,),
)  # fmt: skip
ADDRESS = Cause(
    "fatal", "{title} has no realtime transcription at this address, or no {model}. Check "
    "engine.endpoint, engine.name and engine.model.",
    statuses=(404, 405, 410),
)  # fmt: skip
RATE = Cause(
    "wait",
    codes=("rate_limit_exceeded", "rate_limit_error", "429", "too_many_requests", "nocapacity",
           "throttling_error", "tokens", "requests", "slow_down", "server_overloaded",
           "overloaded_error", "serviceunavailable"),
    words=r"rate limit|too many requests|with http 429|(retry|try again) (in|after) [\d.]+"
    r"|high demand|overloaded",
    statuses=(429, 503, 529),
)  # fmt: skip
FILTER = Cause(
    "fatal", "{title} withheld the text: its content filter objected to it. The owner of the "
    'deployment can change the filter; engine.name = "offline" has none.',
    codes=("content_filter", "content_policy_violation", "responsibleaipolicyviolation"),
    words=r"content (management )?(policy|filter)",
)  # fmt: skip
PORTAL = Cause(
    "again", "Something between here and {title} answered instead, such as the log-in page of a "
    "Wi-Fi network. Open a web page in a browser and log in.",
    statuses=(200, 511),
)  # fmt: skip
# in the order in which their words are tried
CAUSES = (
    EPHEMERAL,
    Cause(
        "fatal", "{title} accepts no keys: key access is disabled for this resource. Set "
        'engine.auth = "entra", or have key access enabled.',
        codes=("authenticationtypedisabled",),
        words=r"key based authentication is disabled|local authentication (is )?disabled",
    ),
    Cause(
        "fatal", "The firewall of {title} blocks this computer. Have its address allowed "
        "in the resource's network settings, or use its VPN.",
        words=r"virtual network|firewall|\bip (address )?(is )?not (allowed|authorized)",
    ),
    Cause(
        "fatal", "{title} is closed to the internet: the resource has a private endpoint. Use its "
        "VPN or network, or have public access allowed.",
        words=r"public (network )?access is disabled|private (endpoint|link)",
    ),
    Cause(
        "fatal", "{title} is not available in the country of this computer's address. A VPN in "
        'another country may be the reason; otherwise set engine.name to another, or "offline".',
        codes=("unsupported_country_region_territory", "unsupported_country_code"),
        words=r"country, region,? or territory not supported|not available in your country",
    ),
    Cause(
        "fatal", "A gateway in front of {title} requires its own subscription key. Set "
        "engine.endpoint to the resource itself, or have the gateway accept the key it is sent.",
        words=r"missing subscription key",
    ),
    Cause(  # LiteLLM's words
        "fatal", "The server behind {title} refused it. The administrator of {title} has to "
        "check the key and the address that it uses for {model}.",
        words=r"upstream .{0,40}rejected with http 4(0\d|1\d)",
    ),
    FILTER, RATE, QUOTA, MODEL,
    Cause(
        "fatal", "{title} knows {key}, but does not allow it to transcribe. Have this permitted: "
        'on Azure by the role "Cognitive Services OpenAI User" on the resource (it takes some '
        "minutes), at OpenAI by the project and scopes of the key.",
        codes=("permissiondenied", "insufficient_permissions", "access_denied"),
        words=r"lacks the required data action|insufficient permissions|missing scopes"
        r"|not have (permission|authorization)|not authorized to perform",
    ),
    Cause(
        "fatal", "{title} needs the name of a model in its address. Check engine.model, and that "
        "engine.name is right for this server.",
        codes=("missing_model",),
        words=r"must provide a model|model query parameter is required"
        r"|\bmodel:? (field required|is required)",
    ),
    Cause(
        "fatal", "{title} no longer speaks the preview protocol. Set engine.name to "
        '"azure" or "openai".',
        codes=("beta_api_shape_disabled",),
    ),
    Cause(
        "fatal", "Something between here and {title} blocks WebSockets. Check "
        "engine.endpoint, and the proxy or gateway on the way.",
        statuses=(426,),
    ),
    NOT_TRANSCRIBING, KEY, FORBIDDEN, ADDRESS, PORTAL,
    Cause("again", codes=("session_expired",), words=r"maximum duration of \d+ minutes"),
    Cause(  # of servers of one's own: the turn is gone
        "again",
        codes=("inference_failed", "processing_error", "transcription_failed", "buffer_overflow",
               "buffer_size_exceeded"),
    ),
    Cause("pass", codes=("server_error", "internal_error", "internal_server_error")),
)  # fmt: skip

_BY_CODE = {code: cause for cause in CAUSES for code in cause.codes}
_BY_STATUS = {status: cause for cause in CAUSES for status in cause.statuses}
_BY_WORDS = [(re.compile(cause.words), cause) for cause in CAUSES if cause.words]
_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}
_AMOUNT = r"(\d{1,6}(?:\.\d{1,6})?) ?(ms|milliseconds?|h|hours?|m|min|minutes?|s|sec|seconds?)"
_WAIT = re.compile(rf"\b(?:in|after|for|least) (?:about )?((?:{_AMOUNT} ?)+)\b")


def find(code: str, words: str, status: int = 0) -> Cause | None:
    """Return the row for a server's error; `status` is HTTP's, or a close code."""
    said = words.lower()
    named = next((cause for pattern, cause in _BY_WORDS if pattern.search(said)), None)
    return named or _BY_CODE.get(code.lower()) or _BY_STATUS.get(status)


def find_close(code: int, reason: str) -> Cause | None:
    """Return the row for a close code and its reason, which may end with an error's code."""
    status = code - 4000 if 4400 <= code < 4600 else code if code >= 3000 else 0
    names = reversed(re.findall(r"\w+", reason.lower()))
    return find(next((name for name in names if name in _BY_CODE), ""), reason, status)


def asked_wait(words: str) -> float:
    """Return the wait in seconds that a server asks for: "try again in 6m0s"; 0 for none."""
    found = _WAIT.search(words.lower())
    if not found:
        return 0.0
    amounts = re.findall(_AMOUNT, found[1])
    return sum(
        float(number) * _UNITS["ms" if unit.startswith(("ms", "milli")) else unit[0]]
        for number, unit in amounts
    )

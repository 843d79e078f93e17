"""HTTP at the edge: who calls, what they sent, what they get; and every error mapped to a status, here only."""

import json
import re
from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from pydantic import BaseModel, ValidationError

from aftersales.contracts.ids import ID_PATTERN
from aftersales.contracts.problems import FieldError, problem
from aftersales.contracts.routes import ROUTES, Route
from aftersales.domain.calendar import HOUR
from aftersales.domain.parties import Party, Role
from aftersales.domain.refusal import Code, Refusal
from aftersales.entrypoints.logs import failed, logger
from aftersales.usecases.ports import CaseRequest, OutcomeUnknown, Receipt

STATUSES: Mapping[Code, HTTPStatus] = {
    Code.NOT_FOUND: HTTPStatus.NOT_FOUND,
    Code.FORBIDDEN: HTTPStatus.FORBIDDEN,
    Code.INVALID: HTTPStatus.UNPROCESSABLE_ENTITY,
    Code.IDEMPOTENCY_KEY_REQUIRED: HTTPStatus.BAD_REQUEST,
    Code.IDEMPOTENCY_KEY_REUSED: HTTPStatus.CONFLICT,
    Code.VERSION_CONFLICT: HTTPStatus.PRECONDITION_FAILED,
    Code.BUSY: HTTPStatus.CONFLICT,
    Code.ORDER_IN_USE: HTTPStatus.CONFLICT,
    Code.ORDER_FROZEN: HTTPStatus.CONFLICT,
    Code.LINE_UNKNOWN: HTTPStatus.UNPROCESSABLE_ENTITY,
    Code.UNITS_UNAVAILABLE: HTTPStatus.CONFLICT,
    Code.MONEY_UNAVAILABLE: HTTPStatus.CONFLICT,
    Code.NOTHING_TO_REFUND: HTTPStatus.CONFLICT,
    Code.WINDOW_CLOSED: HTTPStatus.CONFLICT,
    Code.ACT_NOT_POSSIBLE: HTTPStatus.CONFLICT,
    Code.NOT_YOUR_TURN: HTTPStatus.CONFLICT,
    Code.OFFER_CLOSED: HTTPStatus.CONFLICT,
    Code.OFFERS_EXHAUSTED: HTTPStatus.CONFLICT,
    Code.DISPUTE_TOO_EARLY: HTTPStatus.CONFLICT,
    Code.HEARING_OPEN: HTTPStatus.CONFLICT,
    Code.ASSIGNED_TO_ANOTHER: HTTPStatus.CONFLICT,
    Code.DECIDED_BEFORE: HTTPStatus.CONFLICT,
    Code.SECOND_OPINION_DIFFERS: HTTPStatus.CONFLICT,
    Code.NOTHING_TO_APPEAL: HTTPStatus.CONFLICT,
    Code.APPEALED_BEFORE: HTTPStatus.CONFLICT,
    Code.DEADLINE_PASSED: HTTPStatus.CONFLICT,
    Code.REFUND_UNDER_WAY: HTTPStatus.CONFLICT,
    Code.CHARGE_UNDER_WAY: HTTPStatus.CONFLICT,
    Code.AMOUNT_ABOVE_CASE: HTTPStatus.UNPROCESSABLE_ENTITY,
    Code.AMOUNT_ABOVE_LIMIT: HTTPStatus.FORBIDDEN,
    Code.EVIDENCE_LIMIT: HTTPStatus.CONFLICT,
    Code.EVIDENCE_NOT_READY: HTTPStatus.CONFLICT,
    Code.EVIDENCE_NEEDED: HTTPStatus.CONFLICT,
    Code.NO_PARCEL_DUE: HTTPStatus.CONFLICT,
    Code.NO_PAYMENT_DUE: HTTPStatus.CONFLICT,
    Code.LABEL_NOT_READY: HTTPStatus.CONFLICT,
    Code.DEDUCTION_ABOVE_TERMS: HTTPStatus.UNPROCESSABLE_ENTITY,
    Code.PARCEL_NOT_ARRIVED: HTTPStatus.CONFLICT,
    Code.TRACKING_CODE_INVALID: HTTPStatus.UNPROCESSABLE_ENTITY,
    Code.TRACKING_CODE_USED: HTTPStatus.CONFLICT,
    Code.NOT_DELIVERED: HTTPStatus.CONFLICT,
    Code.STOCK_PROMISED: HTTPStatus.CONFLICT,
    Code.SKU_UNKNOWN: HTTPStatus.UNPROCESSABLE_ENTITY,
    Code.REPLACEMENT_NOT_RESERVED: HTTPStatus.CONFLICT,
    Code.SKU_TAKEN: HTTPStatus.CONFLICT,
    Code.FEEDBACK_LEFT_BEFORE: HTTPStatus.CONFLICT,
    Code.SIGNATURE_INVALID: HTTPStatus.BAD_REQUEST,
    Code.REFUND_UNKNOWN: HTTPStatus.CONFLICT,
    Code.PROVIDER_UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    Code.BODY_TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    Code.UNSUPPORTED_MEDIA_TYPE: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    Code.INTERNAL: HTTPStatus.INTERNAL_SERVER_ERROR,
}

# An order of 200 lines is about 60 kB; nothing that the desk takes is near this.
_MAX_BODY = 256 * 1024
_MAX_DEPTH = 32
# How long a repeated request is recognised by its key. Opening a case is recognised for ever.
_KEY_LIFE = 48 * HOUR
MAX_KEY_LENGTH = 255
_GROUPS = {
    "buyers": Role.BUYER,
    "sellers": Role.SELLER,
    "reviewers": Role.REVIEWER,
    "platform": Role.PLATFORM,
    "operators": Role.OPERATOR,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request that passed the door: the route, who calls, and what they sent, already checked. `address` is the
    mail address that the caller's account was verified for."""

    route: Route
    party: Party
    path: Mapping[str, str]
    body: Any
    query: Any
    headers: Mapping[str, str]
    raw: bytes
    now: int
    address: str | None = None

    @property
    def idempotency_key(self) -> str:
        """The client's key; the route decides whether it must be there."""
        return self.headers.get("idempotency-key", "")

    @property
    def request_hash(self) -> str:
        """What the key stands for: this operation on this thing with this body."""
        said = {"path": dict(self.path), "body": self.body.model_dump(mode="json") if self.body else None}
        return sha256(f"{self.route.operation}{json.dumps(said, sort_keys=True)}".encode()).hexdigest()

    @property
    def receipt(self) -> Receipt | None:
        """How a repeat of this request will be recognised, if the client wants that."""
        if self.route.key == "none" or not self.idempotency_key:
            return None
        key = f"{self.party.role}#{self.party.id}#{self.idempotency_key}"
        return Receipt(key, self.request_hash, self.now + _KEY_LIFE)

    @property
    def if_match(self) -> int | None:
        """The version that the client saw, from `If-Match: "7"`."""
        tag = self.headers.get("if-match", "").strip()
        if not self.route.if_match or tag in ("", "*"):
            return None
        version = tag.removeprefix("W/").strip('"')
        if not (version.isascii() and version.isdigit() and len(version) < 10):
            raise Refusal(Code.VERSION_CONFLICT, "If-Match carries the case's version in quotes.")
        return int(version)

    @property
    def case_request(self) -> CaseRequest:
        """What is asked of the case that the path names."""
        return CaseRequest(
            case_id=self.path["case_id"], by=self.party, if_match=self.if_match, receipt=self.receipt
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """A status other than the route's, or headers. A body that is text is in the route's own media type."""

    body: BaseModel | Mapping[str, Any] | str | None
    status: int
    headers: Mapping[str, str]


class Malformed(Exception):
    """A request that is not as its operation takes it. A row that is not as we wrote it is a failure of ours."""

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__()
        self.errors = errors


Operation = Callable[[Call], BaseModel | Mapping[str, Any] | Answer | None]


class Api:
    """The operations of one function. Registering is by name; the table of routes says the rest."""

    def __init__(self, function: str, now: Callable[[], int]) -> None:
        self._routes = {route.operation: route for route in ROUTES if route.function == function}
        self._app = APIGatewayRestResolver()
        self._app.exception_handler([Refusal, Malformed, OutcomeUnknown])(_problem_of)
        # The resolver would log what nobody handles, with its message.
        self._app.exception_handler(Exception)(_failure_of_ours)
        self._app.not_found(_nothing_here)
        self._now = now

    def operation(self, do: Operation) -> Operation:
        """Serve the route whose operation has this function's name."""
        route = self._routes[do.__name__]

        def serve(**path: str) -> Response[str]:
            call = self._admit(route, path)
            logger.append_keys(operation=route.operation, role=call.party.role, **path)
            return _answer(route, do(call))

        pattern = route.path.replace("{", "<").replace("}", ">")
        self._app.route(pattern, method=route.method)(serve)
        return do

    def __call__(self, event: dict[str, Any], context: Any) -> dict[str, Any]:
        """One request. What cannot be read is refused before anything parses it."""
        logger.append_keys(request_id=event.get("requestContext", {}).get("requestId"))
        try:
            answer = _refuse_unreadable(event) or self._app.resolve(event, context)
            logger.info("answered", status=answer["statusCode"])
            return answer
        except Exception as error:  # noqa: BLE001 - whatever it is, the client gets a problem and not a stack
            return _wire(_failure_of_ours(error))
        finally:
            logger.clear_state()

    def _admit(self, route: Route, path: Mapping[str, str]) -> Call:
        event = self._app.current_event.raw_event
        headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
        part = headers.get("acting-as")
        party = party_of(event, route.roles, part) if route.roles else Party(Role.PROVIDER, "anyone")
        if any(not re.fullmatch(ID_PATTERN, value) for value in path.values()):
            raise Refusal(Code.NOT_FOUND, "There is nothing at this address.")
        key = headers.get("idempotency-key", "")
        if route.key == "required" and not key:
            raise Refusal(Code.IDEMPOTENCY_KEY_REQUIRED, "Send an Idempotency-Key, so that a repeat is safe.")
        # An empty key would silently protect nothing.
        if "idempotency-key" in headers and not (0 < len(key) <= MAX_KEY_LENGTH and key.isprintable()):
            raise Refusal(Code.INVALID, f"An Idempotency-Key has 1 to {MAX_KEY_LENGTH} printable characters.")
        raw = _raw_body(event)
        return Call(
            route=route,
            party=party,
            path=path,
            body=_parse(route.body, raw) if route.body else None,
            query=_query(route.query, event) if route.query else None,
            headers=headers,
            raw=raw,
            now=self._now(),
            address=_verified_address(event),
        )


def party_of(event: Mapping[str, Any], roles: frozenset[Role], acting_as: str | None = None) -> Party:
    """Who the ID token speaks for. Somebody in several groups that the route is for, who sells and also buys, acts in
    the part that the request names; else as buyer before seller before reviewer.

    Raises `forbidden`: also for an access token, which carries no party and is not meant for the API.
    """
    claims = _claims(event)
    party_id = claims.get("custom:party_id")
    held = {role for group, role in _GROUPS.items() if group in groups_of(claims.get("cognito:groups"))}
    mine = [role for role in _GROUPS.values() if role in held & roles and acting_as in (None, role)]
    if claims.get("token_use") != "id" or not party_id or not mine:
        raise Refusal(Code.FORBIDDEN, "This token may not call this operation.")
    return Party(mine[0], party_id)


def _claims(event: Mapping[str, Any]) -> Mapping[str, Any]:
    return (event.get("requestContext", {}).get("authorizer") or {}).get("claims") or {}


def _verified_address(event: Mapping[str, Any]) -> str | None:
    """People may change the address of their account: the new one counts once they have shown that it is theirs."""
    claims = _claims(event)
    return claims.get("email") if str(claims.get("email_verified")).lower() == "true" else None


def groups_of(claim: object) -> frozenset[str]:
    """The groups of a token: a list, or text like `a,b` or `[a b]`, as the authorizer passes lists on."""
    text = " ".join(map(str, claim)) if isinstance(claim, list) else str(claim or "")
    return frozenset(text.strip("[]").replace(",", " ").split())


def _refuse_unreadable(event: Mapping[str, Any]) -> dict[str, Any] | None:
    """By size and content type alone: a resolver that meets a multipart body without boundary, or base64 that
    is no text, fails with a 5xx."""
    body = event.get("body") or ""
    if not body:
        return None
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    if len(body) > _MAX_BODY * 4 // 3:
        return _wire(_problem(Code.BODY_TOO_LARGE, "At most 256 kB."))
    content_type = str(headers.get("content-type") or "application/json").split(";")[0].strip().lower()
    if content_type != "application/json":
        return _wire(_problem(Code.UNSUPPORTED_MEDIA_TYPE, "Send application/json."))
    return None


def _raw_body(event: Mapping[str, Any]) -> bytes:
    body = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return str(body).encode("utf-8", "surrogatepass")
    try:
        return b64decode(body, validate=True)
    except ValueError as error:
        raise Refusal(Code.INVALID, "The body is not base64.") from error


def _parse(model: type[BaseModel], raw: bytes) -> BaseModel:
    if raw.count(b"[") + raw.count(b"{") > _MAX_DEPTH * 100 or _depth(raw) > _MAX_DEPTH:
        raise Refusal(Code.INVALID, f"The body is nested deeper than {_MAX_DEPTH} levels.")
    return _checked(lambda: model.model_validate_json(raw or b"{}"))


def _depth(raw: bytes) -> int:
    """How deep brackets nest, counted without parsing; brackets inside strings only make it stricter."""
    depth = deepest = 0
    for byte in raw:
        if byte in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"]}":
            depth -= 1
    return deepest


def _query(model: type[BaseModel], event: Mapping[str, Any]) -> BaseModel:
    return _checked(lambda: model.model_validate(event.get("queryStringParameters") or {}))


def _checked(validate: Callable[[], BaseModel]) -> BaseModel:
    try:
        return validate()
    except ValidationError as error:
        raise Malformed(
            [
                FieldError(field=".".join(map(str, one["loc"])) or "body", message=one["msg"])
                for one in error.errors(include_url=False, include_input=False, include_context=False)
            ]
        ) from None


def _answer(route: Route, said: BaseModel | Mapping[str, Any] | Answer | None) -> Response[str]:
    answer = said if isinstance(said, Answer) else Answer(said, route.status, {})
    body = answer.body
    if isinstance(body, str):
        text = body
    elif isinstance(body, BaseModel):
        text = body.model_dump_json(by_alias=True)
    else:
        text = json.dumps(body) if body is not None else ""
    version = getattr(body, "version", None)
    headers = {"Cache-Control": "no-store", **answer.headers}
    if version is not None:
        headers["ETag"] = f'"{version}"'
    return Response(answer.status, route.media, text, headers=headers)


def _problem_of(error: Exception) -> Response[str]:
    if isinstance(error, Malformed):
        return _problem(
            Code.INVALID, "The request does not have the form that this operation takes.", error.errors
        )
    if isinstance(error, OutcomeUnknown):
        return _problem(Code.PROVIDER_UNAVAILABLE, "The payment provider does not answer.")
    if isinstance(error, Refusal):
        return _problem(error.code, error.detail, facts=error.facts)
    raise error


def _failure_of_ours(error: Exception) -> Response[str]:
    failed("request", error)
    return _problem(Code.INTERNAL, "Something broke on our side.")


def _nothing_here(_error: NotFoundError) -> Response[str]:
    return _problem(Code.NOT_FOUND, "There is nothing at this address.")


def _problem(
    code: Code,
    detail: str,
    errors: Sequence[FieldError] = (),
    facts: Mapping[str, object] | None = None,
) -> Response[str]:
    status = STATUSES[code]
    logger.append_keys(code=code)
    body = problem(code, status, status.phrase, detail, list(errors), facts or {})
    return Response(
        status, "application/problem+json", json.dumps(body), headers={"Cache-Control": "no-store"}
    )


def _wire(response: Response[str]) -> dict[str, Any]:
    return {
        "statusCode": int(response.status_code),
        "headers": {"Content-Type": response.content_type, "Cache-Control": "no-store"},
        "body": response.body,
        "isBase64Encoded": False,
    }

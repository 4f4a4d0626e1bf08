"""The addresses of version 1."""

# mypy: disable-error-code="untyped-decorator, no-any-return, misc, no-untyped-call"

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import NinjaAPI, Query, Schema
from ninja.errors import AuthenticationError, ValidationError
from pydantic import Field

from bonafide.accounts.models import ApiKey
from bonafide.api.auth import ApiError, Key, Problem, account_named
from bonafide.api.events import MOST_EVENTS, take_events
from bonafide.api.me import router as me
from bonafide.billing.listing import bill_as_dict
from bonafide.billing.models import Invoice
from bonafide.errors import Refused
from bonafide.periods import Month
from bonafide.usage.of_account import MeterOfMonth, usage_of_account

api = NinjaAPI(
    title="Bonafide",
    version="1",
    description="Usage in, usage and bills out, and a person's own sessions. Send the key as `Authorization: Bearer bf_...`.",
    openapi_url="/openapi.json",
    docs_url=None,
    urls_namespace="api-v1",
)
api.add_router("/me", me)


class RejectedEvent(Schema):
    index: int = Field(description="Place of the event in the call, from 0.")
    reason: str


class Answer(Schema):
    accepted: int
    duplicates: int
    rejected: list[RejectedEvent]


class DayOut(Schema):
    day: date
    quantity: str | None
    events: int


class MeterOut(Schema):
    meter: str
    name: str
    unit: str
    aggregation: str
    quantity: str = Field(description="Exact decimal text in the meter's unit.")
    events: int
    groups: dict[str, str]
    days: list[DayOut]


class UsageOut(Schema):
    account: str
    month: str
    meters: list[MeterOut]


class LineOut(Schema):
    text: str
    meter: str
    quantity: str
    unit_price: str
    net_minor: int


class BillOut(Schema):
    number: str
    account: str
    type: str
    month: str
    currency: str
    net_minor: int
    tax_minor: int
    total_minor: int
    state: str
    lines: list[LineOut]


_EVENT = {
    "type": "object",
    "required": ["id", "source", "account", "meter", "time"],
    "properties": {
        "id": {"type": "string", "minLength": 1, "maxLength": 200},
        "source": {"type": "string", "minLength": 1, "maxLength": 200},
        "account": {"type": "string", "minLength": 1, "maxLength": 200},
        "meter": {"type": "string", "minLength": 1, "maxLength": 60},
        "time": {"type": "string", "format": "date-time"},
        "quantity": {"oneOf": [{"type": "string"}, {"type": "integer"}]},
        "unit": {"type": "string"},
        "dimensions": {
            "type": "object",
            "additionalProperties": {"oneOf": [{"type": "string"}, {"type": "integer"}, {"type": "boolean"}]},
        },
    },
}
_EVENTS_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"oneOf": [_EVENT, {"type": "array", "maxItems": MOST_EVENTS, "items": _EVENT}]},
            },
            "application/x-ndjson": {"schema": {"type": "string", "description": "One event a line."}},
        },
    }
}
_PROBLEMS = {400: Problem, 401: Problem, 403: Problem}


@api.post(
    "/events",
    auth=Key(ApiKey.Scope.USAGE_WRITE),
    response={200: Answer, 413: Problem, 415: Problem, 422: Problem, **_PROBLEMS},
    openapi_extra=_EVENTS_BODY,
    summary="Send usage",
    operation_id="send_events",
)
def send_events(request: HttpRequest) -> HttpResponse:
    """Good events are taken in and bad ones reported each with its reason; sending the same again changes nothing."""
    try:
        body = request.body
    except RequestDataTooBig:
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE // 2**20
        raise ApiError(413, f"the body is too large: expected at most {most} MiB") from None
    done = take_events(
        body=body,
        content_type=request.headers.get("Content-Type", ""),
        key=request.auth,  # type: ignore[attr-defined]
        operator=settings.OPERATOR,
        now=datetime.now(UTC),
    )
    rejected = [{"index": bad.position, "reason": bad.reason} for bad in done.rejected]
    return JsonResponse({"accepted": done.accepted, "duplicates": done.duplicates, "rejected": rejected})


@api.get(
    "/accounts/{path:reference}/usage",
    auth=Key(ApiKey.Scope.USAGE_READ),
    response={200: UsageOut, 404: Problem, **_PROBLEMS},
    summary="What an account used in a month",
    operation_id="read_usage",
)
def read_usage(request: HttpRequest, reference: str, month: str | None = None) -> dict[str, Any]:
    """Everything known by now, whichever bill it is on; without `month` the running one."""
    now = datetime.now(UTC)
    account = account_named(request.auth, reference)  # type: ignore[attr-defined]
    zone = settings.OPERATOR.zone
    asked = _month(month) if month else Month.of(now, zone)
    used = usage_of_account(account=account, month=asked, zone=zone, now=now)
    return {"account": account.reference, "month": str(asked), "meters": [_meter(one, account.language) for one in used]}


def _meter(used: MeterOfMonth, language: str) -> dict[str, Any]:
    return {
        "meter": used.meter.code,
        "name": used.meter.name(language),
        "unit": used.meter.unit,
        "aggregation": used.meter.aggregation,
        "quantity": f"{used.quantity:f}",
        "events": used.events,
        "groups": {group: f"{quantity:f}" for group, quantity in used.groups.items()},
        "days": [
            {"day": day.on, "quantity": None if day.quantity is None else f"{day.quantity:f}", "events": day.events}
            for day in used.days
        ],
    }


class BillsAsked(Schema):
    month: str | None = None
    account: str | None = None
    limit: int = Field(100, ge=1, le=500)
    offset: int = Field(0, ge=0)


@api.get(
    "/bills",
    auth=Key(ApiKey.Scope.BILLS_READ),
    response={200: list[BillOut], **_PROBLEMS},
    summary="Issued bills, newest first",
    operation_id="list_bills",
)
def list_bills(request: HttpRequest, asked: Query[BillsAsked]) -> list[Any]:
    bills = _bills(request.auth).order_by("-position")  # type: ignore[attr-defined]
    if asked.month:
        bills = bills.filter(month=_month(asked.month).key)
    if asked.account:
        bills = bills.filter(account=account_named(request.auth, asked.account))  # type: ignore[attr-defined]
    return [bill_as_dict(bill) for bill in bills[asked.offset : asked.offset + asked.limit]]


@api.get(
    "/bills/{path:number}",
    auth=Key(ApiKey.Scope.BILLS_READ),
    response={200: BillOut, 404: Problem, **_PROBLEMS},
    summary="One issued bill",
    operation_id="read_bill",
)
def read_bill(request: HttpRequest, number: str) -> Any:
    bill = _bills(request.auth).filter(number=number).first()  # type: ignore[attr-defined]
    if bill is None:
        raise ApiError(404, f"there is no bill {number!r}")
    return bill_as_dict(bill)


def _bills(key: ApiKey) -> Any:
    """The issued bills that a key may see, each whole."""
    today = datetime.now(UTC).astimezone(settings.OPERATOR.zone).date()
    ours = key.account_id is None  # what is given up in the books is the operator's own matter
    bills = Invoice.objects.whole().with_state(today, losses=ours).filter(number__isnull=False)
    return bills if ours else bills.filter(account_id=key.account_id)


def _month(text: str) -> Month:
    try:
        return Month.parse(text)
    except ValueError as error:
        raise ApiError(400, str(error)) from None


@api.exception_handler(ApiError)
def _refused(request: HttpRequest, error: ApiError) -> HttpResponse:
    answer = JsonResponse({"error": error.line}, status=error.status)
    if error.status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


@api.exception_handler(AuthenticationError)
def _no_key(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    return _refused(request, ApiError(401, "no key: expected the header 'Authorization: Bearer bf_...'"))


@api.exception_handler(ValidationError)
def _wrong_question(request: HttpRequest, error: ValidationError) -> HttpResponse:
    first = error.errors[0]
    return _refused(request, ApiError(400, f"{first['loc'][-1]}: {first['msg']}"))


@api.exception_handler(Refused)
def _refused_by_a_step(request: HttpRequest, error: Refused) -> HttpResponse:
    return _refused(request, ApiError(422, str(error)))

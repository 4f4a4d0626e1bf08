"""The addresses of version 1."""

# mypy: disable-error-code="untyped-decorator, no-any-return, misc, no-untyped-call"

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, Literal

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import NinjaAPI, Query, Schema
from ninja.errors import AuthenticationError, ValidationError
from pydantic import Field

from bonafide.accounts.models import Account, ApiKey
from bonafide.api.auth import ApiError, Key, Problem, account_named
from bonafide.api.events import MOST_EVENTS, take_events
from bonafide.api.me import router as me
from bonafide.billing.computed import ComputedBill
from bonafide.billing.drafts_of_account import drafts_of_account
from bonafide.billing.forecast import forecast
from bonafide.billing.listing import bill_as_dict, computed_as_dict
from bonafide.billing.models import Invoice
from bonafide.billing.states import in_states, shown_as
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


class SumsOut(Schema):
    net_minor: int
    tax_minor: int
    total_minor: int


class MeterForecastOut(Schema):
    meter: str
    unit: str
    quantity: str
    low: str | None = Field(description="Null in the month's first three days, and for a meter that stands as it is.")
    likely: str | None
    high: str | None
    cost_minor: int = Field(description="Before tax, so far.")
    likely_cost_minor: int | None


class ForecastOut(Schema):
    account: str
    month: str
    whole_days: int = Field(description="Days that it is told from; 0 when that is too early.")
    currency: str | None = Field(description="Null when nothing is charged, or the month cannot be priced yet.")
    so_far: SumsOut | None
    low: SumsOut | None = Field(description="If the days to come are like the mean of the quieter half of the days so far.")
    likely: SumsOut | None = Field(description="If the days to come are like the mean of the whole days so far.")
    high: SumsOut | None = Field(description="If the days to come are like the mean of the busier half of the days so far.")
    meters: list[MeterForecastOut]


class LineOut(Schema):
    text: str
    meter: str
    quantity: str
    unit_price: str
    net_minor: int


class BillOut(Schema):
    number: str | None = Field(description="Null for a draft, which is no bill yet.")
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
    account = account_named(request.auth, reference)  # type: ignore[attr-defined]
    now = _time_of(account)
    zone = settings.OPERATOR.zone
    asked = _month(month) if month else Month.of(now, zone)
    used = usage_of_account(account=account, month=asked, zone=zone, now=now)
    return {"account": account.reference, "month": str(asked), "meters": [_meter(one, account.language) for one in used]}


def _time_of(account: Account) -> datetime:
    """A test account has a clock of its own."""
    return account.clock.now_at if account.is_test else datetime.now(UTC)


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


@api.get(
    "/accounts/{path:reference}/forecast",
    auth=Key(ApiKey.Scope.BILLS_READ),
    response={200: ForecastOut, 404: Problem, **_PROBLEMS},
    summary="Where an account's running month is heading",
    operation_id="read_forecast",
)
def read_forecast(request: HttpRequest, reference: str) -> dict[str, Any]:
    """Quantities at the pace of the days so far, priced as the bill will be: allowances and tiers count as they will then."""
    account = account_named(request.auth, reference)  # type: ignore[attr-defined]
    coming = forecast(account=account, now=_time_of(account), operator=settings.OPERATOR)
    return {
        "account": account.reference,
        "month": str(coming.month),
        "whole_days": coming.days,
        "currency": coming.bill.currency if coming.bill else None,
        "so_far": _sums(coming.bill),
        "low": _sums(coming.low),
        "likely": _sums(coming.likely),
        "high": _sums(coming.high),
        "meters": [
            {
                "meter": one.meter.code,
                "unit": one.meter.unit,
                "quantity": f"{one.quantity:f}",
                "low": None if one.low is None else f"{one.low:f}",
                "likely": None if one.likely is None else f"{one.likely:f}",
                "high": None if one.high is None else f"{one.high:f}",
                "cost_minor": one.cost_minor,
                "likely_cost_minor": one.likely_minor,
            }
            for one in coming.meters
        ],
    }


def _sums(bill: ComputedBill | None) -> dict[str, int] | None:
    if bill is None:
        return None
    return {"net_minor": bill.net_minor, "tax_minor": bill.tax_minor, "total_minor": bill.total_minor}


class BillsAsked(Schema):
    month: str | None = None
    account: str | None = None
    state: Literal["draft", "open", "overdue", "paid", "replaced", "uncollectible"] | None = Field(
        None, description="Drafts are of one account: with a key that is not an account's own, say of which."
    )
    limit: int = Field(100, ge=1, le=500)
    offset: int = Field(0, ge=0)


@api.get(
    "/bills",
    auth=Key(ApiKey.Scope.BILLS_READ),
    response={200: list[BillOut], **_PROBLEMS},
    summary="Issued bills, newest first; or drafts",
    operation_id="list_bills",
)
def list_bills(request: HttpRequest, asked: Query[BillsAsked]) -> list[Any]:
    bills = _bills(request.auth).order_by("-position")  # type: ignore[attr-defined]
    if asked.month:
        bills = bills.filter(month=_month(asked.month).key)
    account = account_named(request.auth, asked.account) if asked.account else request.auth.account  # type: ignore[attr-defined]
    if account:
        bills = bills.filter(account=account)
    if asked.state == "draft":
        return _drafts(account, asked)
    if shown := shown_as(asked.state or ""):
        bills = in_states(bills, shown)
    return [bill_as_dict(bill) for bill in bills[asked.offset : asked.offset + asked.limit]]


def _drafts(account: Account | None, asked: BillsAsked) -> list[Any]:
    """Months of one account as they stand: the running one, and those that are over and not billed yet."""
    if account is None:
        raise ApiError(400, "state: drafts are of one account: add account=REFERENCE")
    found = drafts_of_account(account=account, now=_time_of(account), operator=settings.OPERATOR)
    drafts = [computed_as_dict(draft.bill) for draft in found if draft.bill and asked.month in (None, str(draft.month))]
    return drafts[asked.offset : asked.offset + asked.limit]


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

"""``/api/v1/me``: a person's own sessions and sign-ins, for their browser and for programs of theirs."""

# mypy: disable-error-code="untyped-decorator, no-any-return, misc"

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.reauthentication import is_reauthentication_required
from allauth.core.exceptions import ImmediateHttpResponse
from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.urls import reverse
from ninja import Query, Router, Schema
from ninja.security import APIKeyCookie
from ninja.utils import check_csrf
from pydantic import Field

from bonafide.accounts.models import ApiKey
from bonafide.api.auth import ApiError, Key, Problem
from bonafide.sessions.end_own import Ending, end_own, try_again
from bonafide.sessions.listing import ended_sessions, open_sessions, session_as_dict, sign_in_as_dict, sign_ins_of
from bonafide.sessions.models import Outcome, Reason, Session

SAFE = ("GET", "HEAD", "OPTIONS")


class MakersKey(Key):
    """A key that acts for the person who made it."""

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        return super().authenticate(request, token).made_by


class Browser(APIKeyCookie):
    """The session of a browser. To change something takes the form token, and that the person has just confirmed who they are."""

    param_name = settings.SESSION_COOKIE_NAME

    def __call__(self, request: HttpRequest) -> Any:
        if not request.user.is_authenticated:
            return None
        if request.method not in SAFE:
            if check_csrf(request) is not None:
                raise ApiError(403, "the form token is missing or wrong: send it in the header 'X-CSRFToken'")
            if not _has_confirmed(request):
                raise ApiError(403, f"confirm that it is you at {_where_to_confirm(request)}, then call again")
        return request.user

    def authenticate(self, request: HttpRequest, key: str | None) -> Any:
        """Never asked: the session's middleware knows already."""
        raise NotImplementedError


def _has_confirmed(request: HttpRequest) -> bool:
    try:
        return not is_reauthentication_required(request, app="")
    except ImmediateHttpResponse:  # who can only sign in again, which pages are led to
        return False


def _where_to_confirm(request: HttpRequest) -> str:
    ways = get_adapter().get_reauthentication_methods(request.user)
    return f"{settings.OPERATOR.service.console_url}{ways[0]['url'] if ways else reverse('account_reauthenticate')}"


router = Router(auth=[MakersKey(ApiKey.Scope.SESSIONS), Browser()], tags=["me"])


class SessionOut(Schema):
    id: UUID
    current: bool = Field(description="Whether this is the session that asks; never so with a key.")
    client: str = Field(description="Browser and system in words.")
    browser: str
    system: str
    how: list[str] = Field(description="Each step of the sign-in: `password`, `totp`, `webauthn`, `socialaccount:acme`...")
    address: str | None = Field(description="IP address last seen; null where none is known or it is no longer kept.")
    signed_in_at: datetime
    last_seen_at: datetime = Field(description="Noted at most every five minutes.")
    ended_at: datetime | None
    end_reason: str = Field(description=f"Empty while open; else one of {', '.join(Reason.values)}.")


class SignInOut(Schema):
    at: datetime
    outcome: str = Field(description=f"One of {', '.join(Outcome.values)}.")
    how: list[str]
    client: str
    browser: str
    system: str
    address: str | None


class ReceiptOut(Schema):
    ended: int = Field(description="Sessions that ended by this call.")
    tried: int = Field(description="Old cookies that were tried afterwards; of more than 50, the 50 used last.")
    refused: int = Field(description="Those that opened nothing. Fewer than `tried` means that the ending failed (status 409).")
    at: datetime


class Some(Schema):
    limit: int = Field(100, ge=1, le=500)
    offset: int = Field(0, ge=0)


class SessionsAsked(Some):
    ended: bool = Field(False, description="`true` for those that ended in the last 30 days.")  # noqa: FBT003 - pydantic's


_PROBLEMS = {400: Problem, 401: Problem, 403: Problem}
# Not a 500, though it is our fault: that would take back the endings that did succeed.
SOME_STILL_OPEN = 409
_ENDING = {200: ReceiptOut, SOME_STILL_OPEN: ReceiptOut, **_PROBLEMS}


@router.get(
    "/sessions",
    response={200: list[SessionOut], **_PROBLEMS},
    summary="Your sessions, newest use first",
    operation_id="list_sessions",
)
def list_sessions(request: HttpRequest, asked: Query[SessionsAsked]) -> list[Any]:
    """Those that are open, the one that asks first; or those that ended in the last 30 days."""
    user, now = _person(request), datetime.now(UTC)
    if asked.ended:
        rows = ended_sessions(user=user, now=now)
    else:
        rows = open_sessions(user=user, now=now, limits=settings.OPERATOR.sessions, current=_own_id(request))
    return [session_as_dict(row) for row in rows[asked.offset : asked.offset + asked.limit]]


@router.delete("/sessions", response=_ENDING, summary="End all other sessions", operation_id="end_other_sessions")
def end_other_sessions(request: HttpRequest) -> Any:
    """All but the one that asks; with a key, all."""
    keep = request.session.session_key if _own_id(request) else None
    return _receipt(request, end_own(user=_person(request), now=datetime.now(UTC), keep=keep))


@router.delete("/sessions/{str:id}", response={404: Problem, **_ENDING}, summary="End one session", operation_id="end_session")
def end_session(request: HttpRequest, id: UUID) -> Any:
    """One that has ended already is tried again all the same."""
    row = Session.objects.of(_person(request)).filter(pk=id).first()
    if row is None:
        raise ApiError(404, f"you have no session {id}")
    return _receipt(request, end_own(user=_person(request), now=datetime.now(UTC), only=row))


@router.get(
    "/sign-ins",
    response={200: list[SignInOut], **_PROBLEMS},
    summary="Tries to sign in as you, newest first",
    operation_id="list_sign_ins",
)
def list_sign_ins(request: HttpRequest, asked: Query[Some]) -> list[Any]:
    """Failures included."""
    rows = sign_ins_of(user=_person(request))
    return [sign_in_as_dict(row) for row in rows[asked.offset : asked.offset + asked.limit]]


def _person(request: HttpRequest) -> Any:
    return request.auth  # type: ignore[attr-defined]


def _own_id(request: HttpRequest) -> UUID | None:
    """The session that asks; None where a key does, whatever cookie came along."""
    by_key = "Authorization" in request.headers
    return None if by_key else request.session.row.pk  # type: ignore[attr-defined]


def _receipt(request: HttpRequest, ending: Ending) -> JsonResponse:
    receipt = try_again(user=_person(request), ending=ending)
    answer = {"ended": receipt.ended, "tried": receipt.tried, "refused": receipt.refused, "at": receipt.at}
    return JsonResponse(answer, status=200 if receipt.holds else SOME_STILL_OPEN)

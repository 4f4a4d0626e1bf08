"""``POST /api/v1/events``: a body of one event or many, decoded straight into drafts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec

from bonafide.accounts.models import ApiKey
from bonafide.api.auth import ApiError
from bonafide.operator import Operator
from bonafide.usage.drafts import Draft, Rejection
from bonafide.usage.readers.jsonl import WireEvent, plain_reason
from bonafide.usage.receive import Received, receive

MOST_EVENTS = 10_000
JSON = ("application/json", "application/cloudevents+json", "application/cloudevents-batch+json")
NDJSON = ("application/x-ndjson", "application/jsonl", "application/x-jsonlines")

_many = msgspec.json.Decoder(list[WireEvent])
_one = msgspec.json.Decoder(WireEvent)
_pieces = msgspec.json.Decoder(list[msgspec.Raw])


def take_events(*, body: bytes, content_type: str, key: ApiKey, operator: Operator, now: datetime) -> Received:
    """Take in the good events of a body and say of each bad one, by its place from 0, what is wrong.

    :raises ApiError: 400 for a body that is not JSON, 413 for too many events, 415 for another content type; nothing is written.
    :raises bonafide.usage.ingest.TotalTooLarge: nothing is written.
    """
    drafts = _drafts(body, content_type.partition(";")[0].strip().lower())
    if len(drafts) > MOST_EVENTS:
        raise ApiError(413, f"{len(drafts)} events in one call: expected at most {MOST_EVENTS}; send them in several calls")
    if key.account is not None:
        drafts = [_own(draft, key.account.reference, key.account.pk) for draft in drafts]
    return receive(
        drafts=drafts,
        origin=f"key {key.pk} ({key.name})",
        zone=operator.zone,
        now=now,
        oldest=now - timedelta(days=operator.billing.usage_accepted_days),
        ahead=timedelta(minutes=operator.billing.usage_ahead_minutes),
    )


def _own(draft: Draft | Rejection, reference: str, account_id: int) -> Draft | Rejection:
    """A customer's key sends for its own account, and its sources are its own: nobody can use up another's event ids."""
    if isinstance(draft, Rejection):
        return draft
    if draft.account != reference:
        return Rejection(draft.position, f"account {draft.account[:60]!r}: expected {reference!r}, whose key this is")
    if draft.source:
        draft.source = f"account-{account_id}:{draft.source}"
    return draft


def _drafts(body: bytes, content_type: str) -> list[Draft | Rejection]:
    if content_type in NDJSON:
        return _of_pieces(line for line in body.splitlines() if line.strip())
    if content_type not in JSON:
        raise ApiError(415, f"content type {content_type!r}: expected {JSON[0]} or {NDJSON[0]}")
    if body.lstrip()[:1] != b"[":
        return _of_pieces(iter([body]), alone=True)
    try:
        return [event.draft(place) for place, event in enumerate(_many.decode(body))]
    except msgspec.ValidationError:  # some event is not one: find out which
        return _of_pieces(_pieces.decode(body))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ApiError(400, f"the body is not JSON: {error}") from None


def _of_pieces(pieces: Iterator[bytes] | list[msgspec.Raw], *, alone: bool = False) -> list[Draft | Rejection]:
    """Each piece by itself, so that a bad one does not spoil the others."""
    found: list[Draft | Rejection] = []
    for place, piece in enumerate(pieces):
        try:
            found.append(_one.decode(piece).draft(place))
        except msgspec.ValidationError as error:
            found.append(Rejection(place, plain_reason(error)))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            if alone:
                raise ApiError(400, f"the body is not JSON: {error}") from None
            found.append(Rejection(place, f"not JSON: {error}"))
        if place > MOST_EVENTS:
            break
    return found

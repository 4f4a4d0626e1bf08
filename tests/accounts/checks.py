"""Answers of VIES, as if it had been asked."""

from datetime import UTC, datetime, timedelta

from bonafide.accounts.models import Account, VatCheck

NOON = datetime(2026, 11, 12, 12, tzinfo=UTC)


def answered(account: Account, outcome: str, *, hours_ago: float, number: str = "") -> VatCheck:
    return VatCheck.objects.create(
        account=account,
        number=number or account.vat_number,
        outcome=outcome,
        asked_at=NOON - timedelta(hours=hours_ago),
    )

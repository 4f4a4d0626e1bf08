"""SQL that keeps contracts and notices as they were concluded and written. What came of them is let through.

What names somebody is emptied, all of it at once, when the law no longer asks to keep it (``inventory``).
"""

from __future__ import annotations

from bonafide import append_only

CONTRACT, NOTICE = "contracts_contract", "contracts_notice"
KEPT = "a contract stays as it was concluded: only its end is written into it"
WRITTEN = "a notice stays as it was written"
_CONTRACT_ALWAYS = [
    "id", "reference", "account_id", "plan_id", "ordered_at", "key", "language", "consumer", "begin_at_once", "terms_version",
    "starts_on", "withdraw_until", "currency", "net_minor", "price_minor", "digest",
]  # fmt: skip
_CONTRACT_EMPTIED = ["email", "summary"]
_NOTICE_ALWAYS = ["id", "reference", "kind", "received_at", "key", "language", "wanted_on"]
_NOTICE_EMPTIED = ["name", "email", "contract_said", "reason"]


def install(vendor: str) -> list[str]:
    """The statements that set the guards up on a database of that vendor (``sqlite`` or ``postgresql``)."""
    return [
        *append_only.install(vendor=vendor, table=CONTRACT, message=KEPT, but=_but(vendor, _CONTRACT_ALWAYS, _CONTRACT_EMPTIED)),
        *append_only.install(vendor=vendor, table=NOTICE, message=WRITTEN, but=_but(vendor, _NOTICE_ALWAYS, _NOTICE_EMPTIED)),
    ]


def remove(vendor: str) -> list[str]:
    """The statements that take them away again."""
    return [line for table in (CONTRACT, NOTICE) for line in append_only.remove(vendor=vendor, table=table)]


def _but(vendor: str, always: list[str], emptied: list[str]) -> str:
    same = append_only.stays(vendor=vendor, columns=emptied)
    empty = " AND ".join(f"NEW.{column} = ''" for column in emptied)
    return f"{append_only.stays(vendor=vendor, columns=always)} AND (({same}) OR ({empty}))"

"""What this package holds of people: bills and what was paid. What was issued stays as it is, by law and by the database."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from bonafide.billing.amend.inventory import TABLES as AMEND_TABLES
from bonafide.billing.balance.inventory import TABLES as BALANCE_TABLES
from bonafide.billing.location_inventory import TABLES as LOCATION_TABLES
from bonafide.billing.runs.inventory import TABLES as RUN_TABLES
from bonafide.holdings import ACCOUNT_CLOSED, ISSUED_STAYS, Basis, Holding, Kept, Kind, Table, Whose, WithAccount

_BOOKS = _("to be paid, and to keep books")
_BUDGETS = _("to write when a month reaches an amount")

TABLES = (
    *LOCATION_TABLES,
    *RUN_TABLES,
    *AMEND_TABLES,
    *BALANCE_TABLES,
    Table(
        # ``reason`` is free text of staff, and stands on the credit note.
        "billing.Correction",
        called=_("credit notes"),
        plain=("id", "key"),
        holdings=(
            Holding(
                kind=Kind.BILLS,
                columns=("document_id", "original_id", "reason", "made_by_id", "made_at"),
                what=_("which bill a credit note is for, why, and who of our staff made it"),
                whose=Whose.CUSTOMERS,
                why=_BOOKS,
                basis=Basis.LAW,
                ends=Kept(Kind.BILLS),
                enforced_by="bonafide.billing.correction_triggers.install",
                account="original__account_id",
                since="made_at",
            ),
        ),
    ),
    Table(
        # ``piece`` may be the reference of a payment, as in Settlement.
        "billing.Posting",
        called=_("entries in the books"),
        plain=("id", "year", "entry", "line", "step", "source", "posted_on", "debit", "credit", "seal"),
        holdings=(
            Holding(
                kind=Kind.BILLS,
                columns=("account_id", "invoice_id", "piece", "piece_on", "dated_on", "amount_minor", "currency", "home_minor"),
                what=_("what was billed and paid, as the books have it"),
                whose=Whose.CUSTOMERS,
                why=_BOOKS,
                basis=Basis.LAW,
                ends=Kept(Kind.BILLS),
                enforced_by="bonafide.billing.ledger.triggers.install",
                account="account_id",
                since="dated_on",
            ),
        ),
        walked=True,
    ),
    Table(
        # ``reference`` is free text: what the bank passed on, which may hold the payer's name.
        "billing.Settlement",
        called=_("payments"),
        plain=("id",),
        holdings=(
            Holding(
                kind=Kind.BILLS,
                columns=("invoice_id", "amount_minor", "received_on", "means", "reference"),
                what=_("what was paid on which bill, when, how, with which reference"),
                whose=Whose.CUSTOMERS,
                why=_BOOKS,
                basis=Basis.LAW,
                ends=Kept(Kind.BILLS),
                enforced_by=ISSUED_STAYS,
                account="invoice__account_id",
                since="received_on",
            ),
        ),
    ),
    Table(
        # ``text`` and ``details`` may name resources.
        "billing.InvoiceLine",
        called=_("lines of bills"),
        plain=("id", "position"),
        holdings=(
            Holding(
                kind=Kind.BILLS,
                columns=(
                    "invoice_id",
                    "text",
                    "meter",
                    "quantity",
                    "unit",
                    "unit_price",
                    "net_minor",
                    "details",
                    "tax_category",
                    "tax_rate",
                    "gross_minor",
                ),
                what=_("what each line of a bill is for"),
                whose=Whose.CUSTOMERS,
                why=_BOOKS,
                basis=Basis.LAW,
                ends=Kept(Kind.BILLS),
                enforced_by=ISSUED_STAYS,
                account="invoice__account_id",
                since="invoice__issued_at",
            ),
        ),
    ),
    Table(
        "billing.InvoiceTax",
        called=_("taxes of bills"),
        plain=("id",),
        holdings=(
            Holding(
                kind=Kind.BILLS,
                columns=("invoice_id", "category", "rate", "base_minor", "tax_minor", "reason_code", "reason"),
                what=_("the tax of a bill"),
                whose=Whose.CUSTOMERS,
                why=_BOOKS,
                basis=Basis.LAW,
                ends=Kept(Kind.BILLS),
                enforced_by=ISSUED_STAYS,
                account="invoice__account_id",
                since="invoice__issued_at",
            ),
        ),
    ),
    Table(
        "billing.UsageFile",
        called=_("digests of the usage behind bills"),
        plain=("id", "position", "seal"),
        holdings=(
            Holding(
                kind=Kind.BILLS,
                columns=("invoice_id", "sha256", "size", "noted_at"),
                what=_("the digest of the usage file of a bill and its size"),
                whose=Whose.CUSTOMERS,
                why=_BOOKS,
                basis=Basis.LAW,
                ends=Kept(Kind.BILLS),
                enforced_by=ISSUED_STAYS,
                account="invoice__account_id",
                since="noted_at",
            ),
        ),
    ),
    Table(
        # ``buyer`` is JSON: name, address and numbers of the account, frozen at issue. ``seal`` covers all of the row.
        "billing.Invoice",
        called=_("bills"),
        plain=("id", "seller", "exchange", "trial", "position", "seal"),
        holdings=(
            Holding(
                kind=Kind.BILLS,
                columns=(
                    "account_id",
                    "kind",
                    "month",
                    "currency",
                    "language",
                    "buyer",
                    "mentions",
                    "period_start_on",
                    "period_end_on",
                    "net_minor",
                    "tax_minor",
                    "total_minor",
                    "tax_home_minor",
                    "number",
                    "issued_at",
                    "issued_on",
                    "due_on",
                    "payment_reference",
                    "tax_basis",
                    "eu_consumer_minor",
                    "prepaid_minor",
                ),
                what=_("bills: to whom, for what, how much"),
                whose=Whose.CUSTOMERS,
                why=_BOOKS,
                basis=Basis.LAW,
                ends=Kept(Kind.BILLS),
                enforced_by=ISSUED_STAYS,
                account="account_id",
                since="issued_at",
            ),
        ),
    ),
    Table(
        "billing.BudgetReached",
        called=_("months that reached a budget"),
        plain=("id",),
        holdings=(
            Holding(
                kind=Kind.USAGE,
                columns=("budget_id", "month", "net_minor", "at"),
                what=_("which month reached which amount, and when"),
                whose=Whose.CUSTOMERS,
                why=_BUDGETS,
                basis=Basis.CONTRACT,
                ends=WithAccount(),
                enforced_by=ACCOUNT_CLOSED,
                account="budget__account_id",
                since="at",
            ),
        ),
    ),
    Table(
        "billing.Budget",
        called=_("budgets"),
        plain=("id",),
        holdings=(
            Holding(
                kind=Kind.USAGE,
                columns=("account_id", "currency", "amount_minor", "set_at"),
                what=_("amounts that a customer wants to hear of"),
                whose=Whose.CUSTOMERS,
                why=_BUDGETS,
                basis=Basis.CONTRACT,
                ends=WithAccount(),
                enforced_by=ACCOUNT_CLOSED,
                account="account_id",
                since="set_at",
            ),
        ),
    ),
    # Of test accounts alone, which were never real.
    Table(
        "billing.SimulatedBill",
        plain=(
            *("id", "account_id", "month", "currency", "net_minor", "tax_minor", "total_minor"),
            *("lines", "taxes", "problem", "until"),
        ),
    ),
    Table(  # sums of whole months, of nobody by name
        "billing.Closing",
        plain=(
            *("id", "position", "month", "last_on", "closed_at", "totals", "cumulative", "digests"),
            *("bills_position", "bills_seal", "ledger_year", "ledger_entry", "ledger_seal", "seal"),
        ),
    ),
    Table("billing.BillRun", plain=("id", "month", "started_at", "finished_at")),
    Table("billing.Series", plain=("id", "year", "last")),
)

"""What payment by Stripe holds of people: who they are there, what they saved, each attempt to pay, and what Stripe told.

Nothing of a card is here but its brand, its last four digits and its last month.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from bonafide.holdings import ISSUED_STAYS, SWEEP, Basis, Holding, Kept, Kind, Soon, Swept, Table, Whose

# Days after which the body of an event that is done is emptied, and after which the whole row goes.
BODY_KEPT_DAYS = 3
HOOK_KEPT_DAYS = 60

_TO_PAY = _("so that bills can be paid by Stripe")
_BOOKS = _("to be paid, and to keep books")
_GUARD = "bonafide.payments.stripe.triggers.install"

TABLES = (
    Table(
        "payments_stripe.Refund",
        called=_("refunds"),
        plain=("id", "key"),
        holdings=(
            Holding(
                kind=Kind.BILLS,
                columns=("attempt_id", "credit_note_id", "amount_minor", "state", "stripe_id", "code", "asked_at", "moved_at"),
                what=_("what was sent back of a payment, when, and how that went"),
                whose=Whose.CUSTOMERS,
                why=_BOOKS,
                basis=Basis.LAW,
                ends=Kept(Kind.BILLS),
                enforced_by=ISSUED_STAYS,
                account="attempt__account_id",
                since="asked_at",
            ),
            Holding(
                kind=Kind.BILLS,
                columns=("asked_by_id",),
                what=_("who of our staff sent a payment back"),
                whose=Whose.STAFF,
                why=_BOOKS,
                basis=Basis.LAW,
                ends=Kept(Kind.BILLS),
                enforced_by=ISSUED_STAYS,
                person="asked_by_id",
                since="asked_at",
            ),
        ),
    ),
    Table(
        "payments_stripe.Dispute",
        called=_("disputed payments"),
        plain=("id",),
        holdings=(
            Holding(
                kind=Kind.BILLS,
                columns=(*("attempt_id", "stripe_id", "amount_minor", "reason", "state", "answer_by", "opened_at", "moved_at"),),
                what=_("which payment was disputed at the bank, why, and what came of it"),
                whose=Whose.CUSTOMERS,
                why=_BOOKS,
                basis=Basis.LAW,
                ends=Kept(Kind.BILLS),
                enforced_by=ISSUED_STAYS,
                account="attempt__account_id",
                since="opened_at",
            ),
        ),
    ),
    Table(
        # ``url`` is the page of Stripe, emptied at the end of the attempt.
        "payments_stripe.Attempt",
        called=_("attempts to pay"),
        plain=("id", "key"),
        holdings=(
            Holding(
                kind=Kind.BILLS,
                columns=(
                    *("way", "account_id", "invoice_id", "method_id", "currency", "amount_minor", "state", "session_id"),
                    *("intent_id", "charge_id", "url", "code", "receipt_id", "begun_by_id", "begun_at", "moved_at"),
                ),
                what=_("who tried to pay which bill with Stripe, when, how much, and what came of it"),
                whose=Whose.CUSTOMERS,
                why=_BOOKS,
                basis=Basis.LAW,
                ends=Kept(Kind.BILLS),
                enforced_by=ISSUED_STAYS,
                person="begun_by_id",
                account="account_id",
                since="begun_at",
            ),
        ),
    ),
    Table(
        "payments_stripe.AutoPay",
        called=_("automatic payment"),
        plain=("id",),
        holdings=(
            Holding(
                kind=Kind.PAYMENT,
                columns=("account_id", "method_id", "words", "agreed_by_id", "agreed_at", "ended_by_id", "ended_at"),
                what=_("that bills are paid by themselves: who agreed to that, when, in which words, and who ended it"),
                whose=Whose.CUSTOMERS,
                why=_("to show that automatic payment was agreed to"),
                basis=Basis.CONTRACT,
                ends=Kept(Kind.BILLS, since="ended_at"),
                enforced_by=SWEEP,
                person="agreed_by_id",
                account="account_id",
            ),
        ),
    ),
    Table(
        "payments_stripe.Method",
        called=_("saved means of payment"),
        plain=("id", "is_default"),
        holdings=(
            Holding(
                kind=Kind.PAYMENT,
                columns=("brand", "last4", "expires", "mandate"),
                what=_("of a saved card its brand, last four digits and last month; of an account its mandate"),
                whose=Whose.CUSTOMERS,
                why=_TO_PAY,
                basis=Basis.CONTRACT,
                ends=Kept(
                    Kind.BILLS, since="removed_at", emptied=(("last4", ""), ("brand", ""), ("expires", None), ("mandate", ""))
                ),
                enforced_by=SWEEP,
                account="account_id",
            ),
            Holding(
                kind=Kind.PAYMENT,
                columns=("account_id", "stripe_id", "kind", "saved_by_id", "saved_at", "removed_at"),
                what=_("who saved a card or a mandate at Stripe, when, and when it was removed"),
                whose=Whose.CUSTOMERS,
                why=_TO_PAY,
                basis=Basis.CONTRACT,
                ends=Kept(Kind.BILLS),
                enforced_by=ISSUED_STAYS,
                person="saved_by_id",
                account="account_id",
                since="saved_at",
            ),
        ),
    ),
    Table(
        "payments_stripe.Customer",
        called=_("customers at Stripe"),
        plain=("id",),
        holdings=(
            Holding(
                kind=Kind.PAYMENT,
                columns=("account_id", "stripe_id", "made_at"),
                what=_("under which number Stripe knows a customer, and since when"),
                whose=Whose.CUSTOMERS,
                why=_TO_PAY,
                basis=Basis.CONTRACT,
                ends=Kept(Kind.BILLS),
                enforced_by=ISSUED_STAYS,
                account="account_id",
                since="made_at",
            ),
        ),
    ),
    Table(
        # A body names who paid, as Stripe has it; it is not looked at again once the event is done.
        "payments_stripe.Hook",
        called=_("events from Stripe"),
        plain=("id", "event_id", "kind", "state", "tries", "try_at", "done_at"),
        holdings=(
            Holding(
                kind=Kind.PAYMENT,
                columns=("thing", "body", "said", "received_at"),
                what=_("what Stripe told of a payment, and when"),
                whose=Whose.CUSTOMERS,
                why=_("to learn that a bill was paid"),
                basis=Basis.CONTRACT,
                ends=Soon(HOOK_KEPT_DAYS, _("its text is emptied three days after it was done, the rest goes after two months")),
                enforced_by="bonafide.payments.stripe.empty_hooks.empty_hooks",
            ),
        ),
    ),
    Table(
        "payments_stripe.Movement",
        called=_("movements at Stripe"),
        plain=("id", "noted_at"),
        holdings=(
            Holding(
                kind=Kind.BILLS,
                columns=("stripe_id", "kind", "source", "currency", "amount_minor", "fee_minor", "moved_at"),
                what=_("which money moved on our account at Stripe, for which payment, and what Stripe kept of it"),
                whose=Whose.CUSTOMERS,
                why=_BOOKS,
                basis=Basis.LAW,
                ends=Kept(Kind.BILLS),
                enforced_by=_GUARD,
                since="moved_at",
            ),
        ),
    ),
    Table(
        "payments_stripe.Difference",
        called=_("differences from Stripe"),
        plain=("id", "found_at", "seen_at", "told_at"),
        holdings=(
            Holding(
                kind=Kind.BILLS,
                columns=("about", "currency", "amount_minor", "said", "gone_at"),
                what=_("of which payment Stripe and our books say different things"),
                whose=Whose.CUSTOMERS,
                why=_BOOKS,
                basis=Basis.INTEREST,
                ends=Swept("retention.letters_days", since="gone_at"),
                enforced_by=SWEEP,
            ),
        ),
    ),
)

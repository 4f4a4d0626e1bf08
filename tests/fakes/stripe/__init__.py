"""A small Stripe over real HTTP on loopback, which the unmodified SDK and a browser cannot tell from the real one.

::

    with serving() as fake:
        client = stripe.StripeClient(fake.key, base_addresses={"api": fake.url})
        fake.controls.hooks_to("http://127.0.0.1:8000/hooks/stripe", secret="whsec_test")
        fake.controls.decline_next("insufficient_funds")

Everything is in memory behind one lock; ``python -m tests.fakes.stripe`` serves it alone, for a demo. Its controls are methods
(``controls.py``) and the same by HTTP: ``POST /_control/<method>`` with a JSON object of its arguments.

Faithful, and held to Stripe's published description by ``make conformance``: the parameters of each request and the fields of
each answer and event; errors with their types, codes and HTTP status; unknown parameters refused; forms with nested keys,
``expand``, lists in pages; idempotency keys as documented, a stored 500 included; signatures of webhooks. And these, which catch
people out:

- A decline answers 402 and leaves the intent behind, in ``requires_payment_method``, without its payment method.
- In Checkout for payment the intent exists only once the person has pressed "Pay"; leaving the page does not end the session.
- By default (``automatic_async``) a charge has no balance transaction yet when it succeeds: it comes by ``charge.updated``.
- A SEPA debit is ``processing`` for five business days and may fail then; its ids begin with ``py_`` and ``pyr_``.
- A payment method that was detached, or used without a customer, can never be attached again; ``pm_card_visa`` makes a new one.
- ``available_on`` lies days ahead, and a payout takes only what is available.
- Webhooks are signed with the real clock's time, whatever this clock was moved to, as the SDK compares with that.
- Events may come twice, late, in any order or never; their ``data.object`` is how the object was then.

Not faithful: cards are known by their test numbers alone, and no number is checked; fees are flat (1.5 % + 0.25 for cards,
0.35 for SEPA, 20.00 for a dispute); banks keep no holidays; webhooks are tried again after fractions of a second, not over days;
test IBANs that settle at once in Stripe's test mode settle after five business days of this clock (``advance`` moves it); one
account; no rate limit but on demand; no manual capture, no Connect, no subscriptions, invoices,
prices, coupons, taxes or Elements: a parameter for these is answered as unknown. Of a refund that fails, and of the balance
transaction of a SEPA debit that fails, only Stripe's documentation was read, never a real answer.
"""

from tests.fakes.stripe.controls import Controls
from tests.fakes.stripe.server import FakeStripe, serving

__all__ = ["Controls", "FakeStripe", "serving"]

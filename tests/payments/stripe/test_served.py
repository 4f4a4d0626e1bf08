"""A real served console and real webhooks: a bill is paid, a worker is told, and the books agree with Stripe."""

from __future__ import annotations

import re
import time
from pathlib import Path

from tests.fakes.console import free_port, instance, started
from tests.fakes.stripe import serving
from tests.payments.stripe.conftest import SECRET, account_of

MAKE = """
from django.conf import settings
from tests.factories.accounts import make_member
from tests.factories.billing import make_invoice
from bonafide.payments.stripe.begin import begin
from django.utils import timezone
bill = make_invoice()
attempt = begin(invoice=bill, by=make_member(account=bill.account), operator=settings.OPERATOR, now=timezone.now())
print(attempt.session_id)
"""
SEE = """
from bonafide.payments.models import Receipt
from bonafide.payments.stripe.models import Attempt, Hook
print(Attempt.objects.get().state, Receipt.objects.count(), Hook.objects.filter(state="done").exists())
"""


def test_a_payment_is_told_followed_booked_and_agreed(tmp_path: Path) -> None:
    port = free_port()
    with serving() as fake, instance(tmp_path / "home", port=port) as made:
        file = made.home / "operator.toml"
        text = re.sub(r"\[service\]\n", "[service]\ntrial = true\n", file.read_text(encoding="utf-8"), count=1)
        file.write_text(f'{text}\n[stripe]\nenabled = true\naccount = "{account_of(fake)}"\n', encoding="utf-8")
        made.environment |= {"STRIPE_SECRET_KEY": fake.key, "STRIPE_API_URL": fake.url, "STRIPE_WEBHOOK_SECRET": SECRET}
        with started(made, port=port) as console:
            fake.controls.hooks_to(f"{console.url}/stripe/events", secret=SECRET)
            fake.controls.pay(made.python(MAKE).split()[-1])
            fake.controls.wait()
            assert {one["status"] for one in fake.controls.deliveries()} == {200}
            until = time.monotonic() + 60
            while (seen := made.python(SEE).split()) != ["succeeded", "1", "True"]:
                assert time.monotonic() < until, (seen, console.said)
            fake.controls.advance(hours=1)
            assert "0 differences" in made.bonafide("payments", "reconcile").stdout
        made.environment["STRIPE_WEBHOOK_SECRET"] = ""
        refused = made.bonafide("serve", "--port", str(free_port()), check=False)
        assert refused.returncode != 0
        assert "STRIPE_WEBHOOK_SECRET in the environment is empty" in refused.stdout + refused.stderr

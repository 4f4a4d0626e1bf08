"""Saving a means of payment on Stripe's page, choosing what is charged by itself in words that are kept, and ending both."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from bonafide.accounts.models import Account
from bonafide.mail.models import Letter
from bonafide.payments.stripe.auto import AutoPayRefused, choose_auto_pay, words_of
from bonafide.payments.stripe.follow import follow
from bonafide.payments.stripe.models import Attempt, AttemptState, AutoPay, Method
from bonafide.payments.stripe.save import save_method
from bonafide.payments.stripe.saved import follow_method, follow_setup
from tests.factories.accounts import enter, make_member
from tests.fakes.stripe import FakeStripe
from tests.payments.stripe.charging import IBAN, SAVED, agree, at_stripe, make_payer, save

pytestmark = pytest.mark.django_db(transaction=True)


def signed_in(client: Client) -> Account:
    account, by = make_payer()
    enter(client, by)
    return account


def page(client: Client) -> str:
    text = client.get("/payment-methods").content.decode()
    return re.sub(r"\s+", " ", text)


def begin(client: Client) -> Attempt:
    """Press the button that leads to Stripe's page."""
    gone = client.post("/payment-methods/save")
    attempt = Attempt.objects.latest("pk")
    assert (gone.status_code, gone["Location"]) == (303, attempt.url)
    return attempt


def test_a_card_is_saved_on_stripes_page_and_is_not_charged_by_itself(client: Client, fake: FakeStripe) -> None:
    account = signed_in(client)
    assert "None is needed: everything works without one" in page(client)
    attempt = begin(client)
    fake.controls.pay(attempt.session_id or "", "pm_card_visa")
    back = client.get(f"/payment-methods/saved/{attempt.key}", follow=True).content.decode()
    assert "Nothing is charged by itself unless you choose so" in back
    [method] = Method.objects.filter(account=account)
    assert (method.kind, method.brand, method.last4, method.is_default) == ("card", "visa", "4242", True)
    assert "Visa card ending in 4242" in page(client)
    assert not AutoPay.objects.exists()
    [intent] = at_stripe(fake).v1.setup_intents.list().data
    assert intent.usage == "off_session"
    tick = re.search(r"<input[^>]*name=\"agree\"[^>]*>", page(client))
    assert tick
    assert "checked" not in tick.group()


def test_who_leaves_stripes_page_saved_nothing(client: Client, fake: FakeStripe) -> None:
    signed_in(client)
    attempt = begin(client)
    assert "Nothing was saved." in client.get(f"/payment-methods/saved/{attempt.key}", follow=True).content.decode()
    fake.controls.advance(days=2)
    assert follow_setup(stripe_id=attempt.intent_id or "", operator=fake_operator(), now=SAVED) == "given up"
    attempt.refresh_from_db()
    assert (attempt.state, attempt.url) == (AttemptState.CANCELLED, "")


def fake_operator() -> Any:
    from django.conf import settings

    return settings.OPERATOR


def test_a_mandate_is_shown_with_its_reference_and_is_over_when_the_bank_is_told(
    client: Client, fake: FakeStripe, settings: Any
) -> None:
    account = signed_in(client)
    method = save(fake, account, None, IBAN)
    assert method.mandate
    assert method.mandate in page(client)
    agree(method)
    [mandate] = fake_mandates(fake)
    fake.controls.revoke_mandate(mandate)
    assert follow(kind="mandate", stripe_id=mandate, operator=settings.OPERATOR, now=SAVED) == "removed"
    assert AutoPay.objects.get().ended_at == SAVED


def fake_mandates(fake: FakeStripe) -> list[str]:
    return [str(intent.mandate) for intent in at_stripe(fake).v1.setup_intents.list().data]


def test_what_is_agreed_to_is_kept_in_its_words_and_confirmed(client: Client, fake: FakeStripe, settings: Any) -> None:
    account = signed_in(client)
    method = save(fake, account, None, IBAN)
    shown = client.get("/payment-methods").context
    words, seen = shown["words"], shown["form"]["seen"].value()
    assert "at least 2 days before" in words
    assert "14 days of the SEPA Core" in words
    address = f"/payment-methods/{method.pk}/automatic"
    assert client.post(address, {"seen": seen}).status_code == 400
    assert client.post(address, {"seen": "0" * 64, "agree": "on"}).status_code == 400
    assert not AutoPay.objects.exists()
    assert client.post(address, {"seen": seen, "agree": "on"}).status_code == 302
    [chosen] = AutoPay.objects.all()
    assert (chosen.words, chosen.agreed_by, chosen.method) == (words, account.memberships.get().user, method)
    assert client.post("/payment-methods/automatic/end").status_code == 302
    chosen.refresh_from_db()
    assert chosen.ended_at
    assert chosen.ended_by == chosen.agreed_by
    assert Letter.objects.filter(purpose="automatic-payment").count() == 2


def test_words_that_are_not_todays_are_not_agreed_to(fake: FakeStripe, settings: Any) -> None:
    account, by = make_payer()
    method = save(fake, account, by)
    words = words_of(method=method, operator=settings.OPERATOR, language="en")
    later = settings.OPERATOR.stripe.model_copy(update={"retry_days": (5,)})
    settings.OPERATOR = settings.OPERATOR.model_copy(update={"stripe": later})
    with pytest.raises(AutoPayRefused, match="has changed"):
        choose_auto_pay(method=method, words=words, by=by, language="en", operator=settings.OPERATOR, now=SAVED)


def test_choosing_another_ends_the_one_before_and_the_same_again_changes_nothing(fake: FakeStripe) -> None:
    account, by = make_payer()
    first = agree(save(fake, account, by), by)
    assert agree(first.method, by, SAVED + timedelta(days=1)) == first
    second = agree(save(fake, account, by, "pm_card_mastercard"), by, SAVED + timedelta(days=2))
    assert AutoPay.objects.get(ended_at=None) == second


def test_removing_says_that_automatic_payment_ends_and_ends_it(client: Client, fake: FakeStripe) -> None:
    account = signed_in(client)
    method, other = save(fake, account, None), save(fake, account, None, "pm_card_mastercard")
    agree(method)
    address = f"/payment-methods/{method.pk}/remove"
    assert "Bills are paid by it automatically: that ends too" in client.get(address).content.decode()
    assert "automatically" not in client.get(f"/payment-methods/{other.pk}/remove").content.decode()
    assert client.post(address).status_code == 302
    method.refresh_from_db()
    other.refresh_from_db()
    assert method.removed_at
    assert other.is_default
    assert AutoPay.objects.get().ended_at
    assert at_stripe(fake).v1.payment_methods.retrieve(method.stripe_id).customer is None
    assert client.post(address).status_code == 404


def test_when_stripe_does_not_answer_nothing_is_removed_but_nothing_is_charged_either(client: Client, fake: FakeStripe) -> None:
    account = signed_in(client)
    method = save(fake, account, None)
    agree(method)
    fake.controls.lose_request(path="/v1/payment_methods")
    shown = client.post(f"/payment-methods/{method.pk}/remove", follow=True).content.decode()
    method.refresh_from_db()
    assert "Stripe did not answer as expected" in shown
    assert method.removed_at is None
    assert AutoPay.objects.get().ended_at


def test_a_card_that_was_taken_away_at_stripe_is_removed_here_and_one_that_is_renewed_is_shown_so(
    client: Client, fake: FakeStripe, settings: Any
) -> None:
    account = signed_in(client)
    method = save(fake, account, None)
    Method.objects.update(expires=202401)
    assert "ends soon" in page(client)
    assert follow_method(stripe_id=method.stripe_id, operator=settings.OPERATOR, now=SAVED) == "saved"
    assert "ends soon" not in page(client)
    at_stripe(fake).v1.payment_methods.detach(method.stripe_id)
    for _again in range(2):
        assert follow_method(stripe_id=method.stripe_id, operator=settings.OPERATOR, now=SAVED) == "removed"
    method.refresh_from_db()
    assert method.removed_at == SAVED


def test_another_is_used_first(client: Client, fake: FakeStripe) -> None:
    account = signed_in(client)
    first, second = save(fake, account, None), save(fake, account, None, "pm_card_mastercard")
    client.post(f"/payment-methods/{second.pk}/first")
    assert list(Method.objects.filter(is_default=True)) == [second]
    assert first.account == account


def test_a_viewer_is_told_that_this_is_not_theirs_and_a_stranger_finds_nothing(client: Client, fake: FakeStripe) -> None:
    account, _by = make_payer()
    method = save(fake, account, None)
    enter(client, make_member(account=account, role="viewer"))
    assert client.get("/payment-methods").status_code == 403
    assert 'href="/payment-methods"' not in client.get("/settings/profile").content.decode()
    enter(client, make_payer()[1])
    assert 'href="/payment-methods"' in client.get("/settings/profile").content.decode()
    assert client.post(f"/payment-methods/{method.pk}/remove").status_code == 404


def test_without_stripe_the_page_says_how_bills_are_paid(client: Client) -> None:
    signed_in(client)
    shown = page(client)
    assert "Bills are paid by bank transfer" in shown
    assert "save" not in re.findall(r"action=\"/payment-methods/(\w+)", shown)


def test_nothing_is_left_under_way_when_stripe_is_out_of_reach(client: Client, fake: FakeStripe) -> None:
    signed_in(client)
    fake.controls.fail_before(status=503, path="/v1/checkout")
    assert "Stripe did not answer as expected" in client.post("/payment-methods/save", follow=True).content.decode()
    assert Attempt.objects.get().state == AttemptState.CANCELLED


def test_a_declined_card_is_not_saved(fake: FakeStripe, settings: Any) -> None:
    account, by = make_payer()
    attempt = save_method(account=account, by=by, language="en", operator=settings.OPERATOR, now=SAVED)
    fake.controls.decline_next()
    fake.controls.pay(attempt.session_id or "")
    assert follow_setup(stripe_id=attempt.intent_id or "", operator=settings.OPERATOR, now=SAVED) == "open"
    assert not Method.objects.exists()

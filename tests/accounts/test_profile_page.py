"""/settings/profile: the e-mail address changes only when its new mailbox says so."""

import re
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from bonafide.accounts import change_email
from bonafide.accounts.models import EmailChange, User
from bonafide.sessions.models import Session
from bonafide.sign_in.tasks import write_letters
from tests.accounts.confirmed import signed_in
from tests.factories.accounts import make_member, make_user
from tests.mail.post import posted

pytestmark = pytest.mark.django_db
PASSWORD = "four plain unrelated words"
PAGE, CHANGE = "/settings/profile", "/settings/profile/email"
SEND, CANCEL = "/settings/profile/email/send", "/settings/profile/email/cancel"
NEW = "vega@new.example"


@pytest.fixture(autouse=True)
def _fresh_limits():
    cache.clear()


@pytest.fixture
def vega():
    return with_address(make_member(username="vega", email="vega@old.example", password=PASSWORD))


def with_address(user):
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


@pytest.fixture
def client(vega):
    return signed_in(vega)


def text(response):
    return response.content.decode()


def link(letter):
    return re.search(r"/confirm-address/[\w-]{43}", letter.body)[0]


def ask(client, email=NEW):
    mail.outbox.clear()
    client.post(CHANGE, {"email": email})
    return link(posted()[0])


def addresses(user):
    user.refresh_from_db()
    return user.email, list(EmailAddress.objects.filter(user=user).values_list("email", "verified", "primary"))


OLD_STAYS = ("vega@old.example", [("vega@old.example", True, True)])
NEW_COUNTS = (NEW, [(NEW, True, True)])


def test_the_new_address_counts_once_its_mailbox_confirms_it_and_is_the_only_one(client, vega):
    address = ask(client, "Vega@New.Example")
    assert mail.outbox[0].to == [NEW]
    assert addresses(vega) == OLD_STAYS
    assert NEW in text(client.get(PAGE))
    assert "Confirm" in text(client.get(address))
    assert addresses(vega) == OLD_STAYS  # looking, as mail programs do, changes nothing
    assert "Your address is vega@new.example now." in text(client.post(address, follow=True))
    assert addresses(vega) == NEW_COUNTS
    assert Client().get(address).status_code == 404  # once
    assert not EmailChange.objects.filter(ended_at=None).exists()


def test_asvs_6_3_7_both_addresses_are_told(client, vega, django_capture_on_commit_callbacks):
    address = ask(client)
    mail.outbox.clear()
    with django_capture_on_commit_callbacks(execute=True):
        client.post(address)
    write_letters.call()
    assert {letter.to[0] for letter in mail.outbox} == {"vega@old.example", NEW}


def test_asvs_7_4_3_the_other_sessions_end_and_ones_own_stays(client, vega):
    other = signed_in(vega)
    client.post(ask(client))
    assert other.get(PAGE).status_code == 302
    assert client.get(PAGE).status_code == 200
    assert Session.objects.filter(user=vega, end_reason="email-changed").count() == 1


def test_confirmed_on_a_device_that_is_not_signed_in_it_ends_every_session(client, vega):
    page = text(Client().post(ask(client)))
    assert "is the address of vega now" in page
    assert addresses(vega) == NEW_COUNTS
    assert client.get(PAGE).status_code == 302


def test_asvs_7_5_1_it_is_asked_for_only_after_a_fresh_confirmation_of_who_one_is(vega):
    stale = signed_in(vega, confirmed=False)
    for method, address in (("get", CHANGE), ("post", CHANGE)):
        response = getattr(stale, method)(address, {"email": NEW})
        assert "/account/reauthenticate/" in response["Location"] or "/account/confirm" in response["Location"]
    assert not EmailChange.objects.exists()
    assert posted() == []


def test_an_address_that_only_waits_opens_nothing(client, vega):
    """A mailbox named by mistake is somebody else's: it must not get a letter with which a password can be chosen."""
    ask(client, "stranger@elsewhere.example")
    mail.outbox.clear()
    Client().post("/account/password/reset/", {"email": "stranger@elsewhere.example"})
    assert not any("/account/password/reset/key/" in letter.body for letter in mail.outbox)
    visitor = Client()
    visitor.post("/account/login/", {"login": "stranger@elsewhere.example", "password": PASSWORD})
    assert visitor.get(PAGE).status_code == 302


def test_an_address_that_only_waits_is_not_kept_from_its_owner(client):
    ask(client, "ana@elsewhere.example")
    Client().post(
        "/account/signup/", {"username": "ana", "email": "ana@elsewhere.example", "password1": "four other plain words"}
    )
    assert User.objects.get(username="ana").email == "ana@elsewhere.example"


def test_asvs_6_3_8_the_answer_does_not_tell_whether_somebody_has_the_address(client, vega):
    with_address(make_user(email="taken@example.com"))
    pages = []
    for email in ("taken@example.com", "free@example.com"):
        mail.outbox.clear()
        page = text(client.post(CHANGE, {"email": email}, follow=True))
        assert [letter.to for letter in posted()] == [[email]]
        pages.append(re.sub(r'(name="csrfmiddlewaretoken" value=)"\w+"', r"\1", page).replace(email, "it"))
    assert re.sub(r"<time.*?</time>", "", pages[0]) == re.sub(r"<time.*?</time>", "", pages[1])


def test_the_owner_of_an_address_that_somebody_wants_is_told_and_gets_no_link(client):
    with_address(make_user(email="taken@example.com", username="ana"))
    client.post(CHANGE, {"email": "taken@example.com"})
    (letter,) = posted()
    assert "Hello ana" in letter.body
    assert "nothing was changed" in letter.body
    assert "/confirm-address/" not in letter.body


def test_an_address_taken_meanwhile_changes_nothing(client, vega):
    address = ask(client)
    with_address(make_user(email=NEW))
    response = client.post(address)
    assert response.status_code == 409
    assert "Another login has confirmed this address already." in text(response)
    assert addresses(vega) == OLD_STAYS


def test_an_address_taken_between_look_and_write_changes_nothing(client, vega, monkeypatch):
    address = ask(client)
    with_address(make_user(email=NEW))
    monkeypatch.setattr(change_email, "_is_taken", lambda email, user: False)
    assert client.post(address).status_code == 409
    assert addresses(vega) == OLD_STAYS


def test_sending_again_makes_a_new_link_and_the_old_one_is_dead(client, vega):
    first = ask(client)
    mail.outbox.clear()
    client.post(SEND)
    second = link(posted()[0])
    assert client.post(first).status_code == 404
    client.post(second)
    assert addresses(vega) == NEW_COUNTS


def test_a_change_that_was_cancelled_cannot_be_confirmed(client, vega):
    address = ask(client)
    assert "Your address stays as it is." in text(client.post(CANCEL, follow=True))
    assert NEW not in text(client.get(PAGE))
    assert client.post(address).status_code == 404
    assert addresses(vega) == OLD_STAYS


@pytest.mark.parametrize("why", ["too old", "a new password", "reported", "closed", "forged"])
def test_a_link_that_should_not_work_does_not(client, vega, why):
    address = ask(client)
    if why == "too old":
        EmailChange.objects.update(expires_at=timezone.now())
    elif why == "a new password":  # of the owner, who locked out whoever asked for the change
        vega.set_password("five quite other plain words")
    elif why == "reported":
        vega.reset_required_at = timezone.now()
    elif why == "closed":
        vega.is_active = False
    vega.save()
    response = Client().post(address[:-3] + "abc" if why == "forged" else address)
    assert response.status_code == 404
    assert "This link does not work" in text(response)
    assert addresses(vega)[0] == "vega@old.example"


def test_five_letters_a_day_and_no_more(client, vega):
    for n in range(change_email.A_DAY):
        client.post(CHANGE, {"email": f"vega{n}@new.example"})
    assert "which is the most" in text(client.post(CHANGE, {"email": NEW}))
    client.post(CANCEL)
    assert "which is the most" in text(client.post(CHANGE, {"email": NEW}))
    assert len(posted()) == change_email.A_DAY
    EmailChange.objects.update(asked_at=timezone.now() - timedelta(days=1))
    assert client.post(CHANGE, {"email": NEW}).status_code == 302
    assert EmailChange.objects.filter(user=vega).count() == 1  # the older ones are forgotten


def test_only_the_digest_of_the_link_is_kept(client):
    token = ask(client).rpartition("/")[2]
    assert token not in str(EmailChange.objects.values().get())


BAD = {
    "its own": ("vega@old.example", "This is your address already."),
    "none": ("", "This field is required."),
    "no address": ("vega at example", "valid email address"),
    "10,000 letters": ("v" * 10_000 + "@example.com", "valid email address"),
    "a NUL": ("vega\x00@new.example", "Null characters|valid email"),
    "another header": ("vega@new.example\nBcc: all@example.com", "valid email address"),
    "a look-alike": ("v\u0435ga@new.example", "valid email address|cyrillic"),
    "a look-alike domain": ("vega@n\u0435w.example", "cyrillic small letter ie"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_gets_one_line_and_no_letter(client, vega, case):
    email, said = BAD[case]
    page = text(client.post(CHANGE, {"email": email}))
    (error,) = re.findall(r'<ul class="errorlist"[^>]*>(.*?)</ul>', page, re.DOTALL)
    assert error.count("<li>") == 1
    assert re.search(said, error)
    assert posted() == []
    assert addresses(vega) == OLD_STAYS


def test_the_language_is_chosen_here_too(client, vega):
    response = client.post("/language", {"language": "fr", "next": PAGE}, follow=True)
    assert response.request["PATH_INFO"] == PAGE
    assert '<html lang="fr">' in text(response)
    vega.refresh_from_db()
    assert vega.language == "fr"


def test_the_username_is_shown_and_has_no_field(client):
    page = text(client.get(PAGE))
    assert "vega" in page
    assert 'name="username"' not in page

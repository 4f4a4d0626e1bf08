"""What a provider says is believed only when it holds; anything else is a plain page, a line in the log, and nothing done."""

import re

import pytest
from allauth.socialaccount.models import SocialAccount
from django.urls import reverse

from bonafide.accounts.models import User
from bonafide.operator import Provider as Declared
from bonafide.sessions.models import Outcome, SignIn
from tests.factories.accounts import make_member
from tests.fakes.oidc import Lies

pytestmark = pytest.mark.django_db


def refused(response):
    text = response.content.decode()
    return response.status_code == 401 and "Acme did not let you in" in text and "Nothing was changed here" in text


def nobody_came_in(client):
    return "_auth_user_id" not in client.session and not User.objects.exists() and not SocialAccount.objects.exists()


def test_the_question_carries_pkce_a_state_and_a_nonce_and_asks_for_no_more_than_is_used(client, provider, go):
    assert go(client).url == reverse("socialaccount_signup")
    client.session.flush()
    there = client.post(f"{reverse('openid_connect_login', args=['acme'])}?scope=payments&auth_params=prompt%3Dnone", {})
    url = there["Location"]
    assert url.startswith(f"{provider.issuer}/authorize?")
    for part in ("code_challenge_method=S256", r"code_challenge=[\w-]{43}(&|$)", r"state=\w{16,}", r"nonce=[\w-]{32}"):
        assert re.search(part, url), part
    assert not re.search("payments|prompt", url)
    exchanged = next(asked for path, asked in provider.asked if path == "/token")
    assert len(exchanged["code_verifier"]) == 128


@pytest.mark.parametrize(
    "lies",
    [
        Lies(claims={"aud": "another-program"}),
        Lies(claims={"aud": None}),
        Lies(claims={"aud": ["console", "other"], "azp": "other"}),
        Lies(claims={"iss": "https://elsewhere.example"}),
        Lies(claims={"nonce": "of another question"}),
        Lies(claims={"nonce": None}),
        Lies(claims={"exp": 1}),
        Lies(claims={"exp": None}),
        Lies(claims={"sub": None}),
        Lies(claims={"nbf": 4_000_000_000}),
        Lies(signed_by_another=True),
        Lies(unsigned=True),
        Lies(header={"kid": "unpublished"}),
        Lies(token_status=500),
        Lies(issuer="https://elsewhere.example"),
    ],
    ids=lambda lies: ",".join(f"{name}={value}" for name, value in vars(lies).items() if value and value != 200)[:50],
)
def test_an_answer_that_does_not_hold_lets_nobody_in(client, provider, go, lies, caplog):
    there = client.post(reverse("openid_connect_login", args=["acme"]), {})
    provider.lies = lies
    assert refused(go.finish(client, there))
    assert nobody_came_in(client)
    assert "signing in with acme came to nothing" in caplog.text


def test_a_user_info_about_somebody_else_lets_nobody_in(client, provider, go):
    provider.email_in_token = False
    provider.lies.userinfo = {"sub": "another"}
    assert refused(go(client))
    provider.lies = Lies()
    assert go(client).url == reverse("socialaccount_signup")


def test_a_state_works_once_and_only_in_the_browser_that_asked(client, provider, go):
    kept = []
    assert go(client, change=lambda back: kept.append(back) or back).status_code == 302
    path = kept[0].split("testserver")[1]
    assert refused(client.get(path)), "replayed"
    other = type(client)()
    assert refused(other.get(path)), "in another browser"
    assert refused(client.get(re.sub(r"state=\w+", "state=invented", path)))
    assert refused(client.get(reverse("openid_connect_callback", args=["acme"])))


def test_an_answer_of_another_issuer_is_refused(client, go):
    assert refused(go(client, change=lambda back: re.sub(r"iss=[^&]+", "iss=https%3A%2F%2Fevil.example", back)))


def test_who_says_no_there_reads_so_and_nothing_happens(client, go):
    answer = go(client, allowed=False)
    assert answer.url == reverse("socialaccount_login_cancelled")
    assert "You said no" in client.get(answer.url).content.decode()
    assert nobody_came_in(client)


def test_a_provider_that_is_down_or_talks_nonsense_is_a_plain_page(client, provider, go, caplog):
    start = reverse("openid_connect_login", args=["acme"])
    provider.lies.garbage = True
    assert refused(client.post(start, {}))
    provider.lies = Lies()
    there = client.post(start, {})
    provider.lies.garbage = True
    assert refused(go.finish(client, there))
    provider.stop()
    assert refused(client.post(start, {}))
    assert "gave no answer" in caplog.text
    assert nobody_came_in(client)


def test_a_provider_that_says_nothing_is_given_up_after_the_time_out(client, provider, settings):
    settings.SOCIALACCOUNT_REQUESTS_TIMEOUT = 0.3
    provider.lies.silent = True
    assert refused(client.post(reverse("openid_connect_login", args=["acme"]), {}))


def test_it_must_be_who_the_operators_file_says_and_keep_to_the_origins_declared(client, provider, declare, caplog):
    start = reverse("openid_connect_login", args=["acme"])
    provider.lies = Lies(issuer="http://127.0.0.1:1")
    assert refused(client.post(start, {}))
    provider.lies = Lies(authorize_at="http://sign-in.elsewhere.example/authorize")
    assert refused(client.post(start, {}))
    assert "add that to its 'origins'" in caplog.text
    wider = Declared(
        id="acme", name="Acme", issuer=provider.issuer, client_id="console", origins=["http://sign-in.elsewhere.example"]
    )
    declare(wider)
    assert client.post(start, {})["Location"].startswith("http://sign-in.elsewhere.example/authorize?")


def test_a_provider_that_is_not_declared_does_not_exist(client, declare):
    declare()
    assert client.post("/account/provider/acme/", {}).status_code == 404
    assert client.get("/account/provider/acme/callback/").status_code == 404
    assert "Acme" not in client.get(reverse("account_login")).content.decode()


def test_the_button_takes_a_press_and_a_token_of_ours(client, provider):
    from django.test import Client

    start = reverse("openid_connect_login", args=["acme"])
    assert client.get(start).status_code == 405
    assert Client(enforce_csrf_checks=True).post(start, {}).status_code == 403
    assert provider.asked == []


def test_what_goes_wrong_while_connecting_is_in_the_persons_history(client, provider, go):
    vega = make_member(username="vega", email="vega@example.com", password="four plain unrelated words")
    client.force_login(vega)
    session = client.session
    session["connecting_provider"] = "acme"
    session.save()
    there = client.get(reverse("go_to_provider", args=["acme"]))
    provider.lies.signed_by_another = True
    assert refused(go.finish(client, there))
    [row] = SignIn.objects.filter(user=vega)
    assert (row.outcome, row.how) == (Outcome.PROVIDER_REFUSED, "socialaccount:acme")

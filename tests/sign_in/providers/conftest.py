from urllib.parse import parse_qs, urlsplit

import pytest
from django.urls import reverse

from bonafide.operator import Provider as Declared
from tests.fakes.oidc import Provider


@pytest.fixture
def provider():
    """A provider, and a console that declares it as "acme"."""
    provider = Provider()
    provider.start()
    yield provider
    provider.stop()


@pytest.fixture
def declare(settings):
    def declare(*providers):
        sign_in = settings.OPERATOR.sign_in.model_copy(update={"providers": providers})
        settings.OPERATOR = settings.OPERATOR.model_copy(update={"sign_in": sign_in})

    return declare


@pytest.fixture(autouse=True)
def _declared(declare, settings, provider):
    declare(Declared(id="acme", name="Acme", issuer=provider.issuer, client_id=provider.client_id))
    settings.PROVIDER_SECRETS = {"acme": provider.client_secret}


@pytest.fixture
def go(provider):
    """Press the button, allow (or refuse) it there, come back; the console's answer."""

    def go(client, *, allowed=True, next_url="", change=lambda back: back):
        there = client.post(reverse("openid_connect_login", args=["acme"]), {"next": next_url} if next_url else {})
        return finish(client, there, allowed=allowed, change=change)

    def finish(client, there, *, allowed=True, change=lambda back: back):
        assert there.status_code == 302, there.content.decode()
        asked = {name: values[0] for name, values in parse_qs(urlsplit(there["Location"]).query).items()}
        assert provider.fault(asked) == ""
        back = urlsplit(change(provider.answer(asked, allowed=allowed)))
        return client.get(f"{back.path}?{back.query}")

    go.finish = finish
    return go

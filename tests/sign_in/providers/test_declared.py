"""Providers in the operator's file: what is refused, and with which words."""

import pytest

from bonafide.operator import OperatorFileError, parse
from bonafide.sign_in.checks import providers_have_their_secrets
from bonafide.sign_in.providers.declared import apps
from tests.fakes.console import TEMPLATE

ACME = {"id": "acme", "name": "Acme", "issuer": "https://id.acme.example", "client_id": "console"}


def operator(*tables):
    written = "".join(
        "\n[[sign_in.providers]]\n" + "".join(f"{key} = {value!r}\n" for key, value in table.items()) for table in tables
    )
    return parse(TEMPLATE.read_text(encoding="utf-8") + written)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"issuer": "http://id.acme.example"}, "expected an https address"),
        ({"issuer": "id.acme.example"}, "sign_in.providers.0.issuer = 'id.acme.example': expected a web address"),
        ({"origins": ["http://elsewhere.example"]}, "expected an https address"),
        ({"id": "Acme"}, "sign_in.providers.0.id = 'Acme'"),
        ({"id": "signup"}, "a page of ours"),
        ({"client_id": ""}, "sign_in.providers.0.client_id"),
        ({"secret": "in the file"}, "sign_in.providers.0.secret is not a setting"),
    ],
)
def test_a_wrong_one_is_refused_by_its_key(changed, said):
    with pytest.raises(OperatorFileError) as refusal:
        operator({**ACME, **changed})
    assert said in str(refusal.value)


def test_two_of_one_name_are_refused():
    with pytest.raises(OperatorFileError, match="an id once only"):
        operator(ACME, ACME)


def test_forms_may_lead_to_its_origins_and_no_others():
    told = operator({**ACME, "issuer": "https://id.acme.example/tenant/", "origins": ["https://login.acme.example/x"]})
    [provider] = told.sign_in.providers
    assert provider.origins_allowed == ("https://id.acme.example", "https://login.acme.example")
    assert provider.issuer == "https://id.acme.example/tenant"


def test_the_start_refuses_one_without_its_secret(settings):
    settings.OPERATOR = operator({**ACME, "id": "acme-corp"})
    settings.PROVIDER_SECRETS = {}
    [refusal] = providers_have_their_secrets()
    assert refusal.msg == (
        "sign_in.providers: 'acme-corp' has no client secret: set BONAFIDE_OIDC_ACME_CORP_SECRET (or ..._FILE)"
    )
    settings.PROVIDER_SECRETS = {"acme-corp": "x"}
    assert providers_have_their_secrets() == []
    [app] = apps()
    assert (app.provider_id, app.secret, app.pk) == ("acme-corp", "x", None)

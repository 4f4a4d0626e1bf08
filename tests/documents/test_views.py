"""A bill's PDF over HTTP."""

from datetime import UTC, datetime
from hashlib import sha256

import pytest
from django.conf import settings
from django.test import Client

from bonafide.documents.models import Document
from tests.documents.bills import make_issued
from tests.factories.accounts import make_account, make_member, make_user

pytestmark = pytest.mark.django_db
CONTENT = b"%PDF-1.7 as it was rendered"


def signed_in(user) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(user)
    return client


@pytest.fixture
def account():
    return make_account()


@pytest.fixture
def client(account) -> Client:
    return signed_in(make_member(account=account, role="viewer"))


def rendered(invoice, name: str = "2026/views-test.pdf"):
    path = settings.INSTANCE.documents / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(CONTENT)
    digest = sha256(CONTENT).hexdigest()
    Document.objects.create(
        invoice=invoice, path=name, sha256=digest, size=len(CONTENT), rendered_at=datetime(2026, 11, 1, 7, tzinfo=UTC)
    )
    return path


def fetch(client: Client, number: str):
    return client.get(f"/bills/{number}.pdf")


def test_a_member_gets_the_file_to_look_at_under_the_bills_name(client, account):
    invoice = make_issued(account=account, number="F2026-000777")
    rendered(invoice)
    answer = fetch(client, "F2026-000777")
    assert answer.status_code == 200
    assert b"".join(answer.streaming_content) == CONTENT
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == 'inline; filename="F2026-000777.pdf"'
    assert answer["Content-Length"] == str(len(CONTENT))
    assert answer["Cache-Control"] == "no-store"
    answer.close()


def test_a_slash_in_the_number_does_not_reach_the_files_name(client, account):
    invoice = make_issued(account=account, number="A/B+2026-000778")
    rendered(invoice)
    answer = fetch(client, "A/B+2026-000778")
    assert answer["Content-Disposition"] == 'inline; filename="A-B+2026-000778.pdf"'
    answer.close()


def test_while_it_is_being_made_the_answer_says_when_to_come_back(client, account):
    answer = fetch(client, make_issued(account=account).number)
    assert answer.status_code == 503
    assert answer["Retry-After"] == "5"
    assert "The PDF is being prepared" in answer.content.decode()
    assert f'href="{answer.request["PATH_INFO"]}"' in answer.content.decode()


def test_an_altered_file_is_not_handed_out(client, account):
    invoice = make_issued(account=account)
    rendered(invoice).write_bytes(CONTENT + b" and more")
    assert fetch(client, invoice.number).status_code == 503
    assert Document.objects.get(invoice=invoice).rendered_at is None


def test_strangers_and_staff_get_none(account):
    invoice = make_issued(account=account)
    rendered(invoice)
    assert fetch(signed_in(make_member()), invoice.number).status_code == 404
    assert fetch(signed_in(make_user(is_staff=True, is_superuser=True)), invoice.number).status_code == 404
    assert fetch(Client(), invoice.number)["Location"] == f"/account/login/?next=/bills/{invoice.number}.pdf"


def test_it_takes_four_queries(client, account, django_assert_num_queries):
    invoice = make_issued(account=account)
    rendered(invoice)
    with django_assert_num_queries(4):
        fetch(client, invoice.number).close()


def with_data(invoice) -> None:
    rendered(invoice).with_suffix(".xml").write_bytes(b"<xml/>")
    Document.objects.update(xml_sha256=sha256(b"<xml/>").hexdigest())


def test_a_member_gets_the_data_as_a_file_and_the_bills_page_says_where(client, account):
    invoice = make_issued(account=account, number="F2026-000779")
    with_data(invoice)
    assert 'href="/bills/F2026-000779.xml"' in client.get("/bills/F2026-000779").content.decode()
    answer = client.get("/bills/F2026-000779.xml")
    assert b"".join(answer.streaming_content) == b"<xml/>"
    assert answer["Content-Type"] == "text/xml"
    assert answer["Content-Disposition"] == 'attachment; filename="F2026-000779.xml"'
    answer.close()


def test_a_bill_on_paper_alone_has_no_data_and_its_page_names_none(client, account):
    invoice = make_issued(account=account)
    rendered(invoice)
    assert client.get(f"/bills/{invoice.number}.xml").status_code == 404
    page = client.get(f"/bills/{invoice.number}").content.decode()
    assert ".pdf" in page
    assert ".xml" not in page


def test_strangers_get_no_data(account):
    invoice = make_issued(account=account)
    with_data(invoice)
    assert signed_in(make_member()).get(f"/bills/{invoice.number}.xml").status_code == 404

"""The digest of a bill's usage file, noted once."""

import hashlib
from base64 import b64encode
from datetime import UTC, datetime

import pytest
import time_machine
from django.conf import settings
from django.db import DatabaseError, transaction
from django.test import Client

from bonafide.billing import tasks
from bonafide.billing.explain.note_usage import note_next, seal_of_usage
from bonafide.billing.models import Invoice, UsageFile
from bonafide.billing.seal import GENESIS
from tests.billing.explain.bills import issue_everything
from tests.documents.bills import make_issued
from tests.factories.accounts import make_member

pytestmark = pytest.mark.django_db
NOW = datetime(2024, 10, 6, 12, tzinfo=UTC)


def test_it_notes_each_bill_once_in_a_chain_and_the_page_and_the_file_say_it():
    invoice = issue_everything()
    with time_machine.travel(NOW, tick=False):
        assert tasks.note_usage_of_bills.call() == "2 noted"  # August's and September's
        assert tasks.note_usage_of_bills.call() == "0 noted"
        first, second = UsageFile.objects.order_by("position")
        seals = dict(Invoice.objects.values_list("pk", "seal"))
        assert first.seal == seal_of_usage(previous=GENESIS, bill_seal=seals[first.invoice_id], sha256=first.sha256)
        assert second.seal == seal_of_usage(previous=first.seal, bill_seal=seals[second.invoice_id], sha256=second.sha256)
        client = Client()
        client.force_login(make_member(account=invoice.account, role="viewer"))
        answer = client.get(f"/bills/{invoice.number}/usage.csv")
        usage = b"".join(answer.streaming_content)
        digest = hashlib.sha256(usage)
        assert (second.invoice_id, second.sha256, second.size) == (invoice.pk, digest.hexdigest(), len(usage))
        assert answer.headers["Repr-Digest"] == f"sha-256=:{b64encode(digest.digest()).decode()}:"
        assert digest.hexdigest() in client.get(f"/bills/{invoice.number}").content.decode()


def test_a_bill_without_such_a_file_is_noted_without_a_digest_and_not_tried_again():
    make_issued()
    noted = note_next(operator=settings.OPERATOR, now=NOW)
    assert (noted.sha256, noted.size) == ("", 0)
    assert note_next(operator=settings.OPERATOR, now=NOW) is None


def test_the_database_refuses_to_change_or_delete_a_note():
    make_issued()
    noted = note_next(operator=settings.OPERATOR, now=NOW)
    for change in (lambda: UsageFile.objects.filter(pk=noted.pk).update(sha256="0" * 64), noted.delete):
        with pytest.raises(DatabaseError, match="never rewritten"), transaction.atomic():
            change()
    assert UsageFile.objects.get().sha256 == ""

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bonafide.billing.models import Invoice
from bonafide.documents import render_bill, render_pending, tasks, typeset
from bonafide.documents.einvoice.rules import CannotCheck
from bonafide.documents.models import Document
from bonafide.documents.render_pending import BACKOFF, Rendered, note_issued
from bonafide.documents.render_pending import render_pending as render_due
from bonafide.documents.schedules import SCHEDULES
from bonafide.operator_billing import EInvoice
from tests.documents.bills import ISSUED, buyer, line, make_issued

pytestmark = pytest.mark.django_db
NOW = ISSUED + timedelta(hours=1)
ONE = [line("One hour", "1", "h", "1")]


class Killed(BaseException):
    """Ends the process's work wherever it stands, as a kill does: no handler for failures sees it."""


def kill(*_args: object, **_values: object) -> None:
    raise Killed


def test_every_issued_invoice_gets_its_file_and_a_draft_does_not() -> None:
    issued = [make_issued(lines=ONE) for _ in range(3)]
    draft = Invoice.objects.get(pk=issued[0].pk)
    draft.pk, draft.number, draft.position, draft.issued_at, draft.month = None, None, None, None, 202609
    draft.save(force_insert=True)
    assert render_due(now=NOW, limit=10) == Rendered(done=3, failed=0, skipped=0)
    for document in Document.objects.select_related("invoice"):
        path = settings.INSTANCE.documents / document.path
        assert document.rendered_at == NOW
        assert document.size == path.stat().st_size
        assert path.name == f"{document.invoice.number}.pdf"
    assert {document.invoice_id for document in Document.objects.all()} == {invoice.pk for invoice in issued}


def test_a_second_round_does_nothing() -> None:
    make_issued(lines=ONE)
    render_due(now=NOW, limit=10)
    assert render_due(now=NOW + timedelta(days=1), limit=10) == Rendered(done=0, failed=0, skipped=0)
    assert note_issued() == 0


def test_no_more_than_the_limit_and_the_rest_next_time() -> None:
    for _ in range(5):
        make_issued(lines=ONE)
    assert [render_due(now=NOW, limit=2).done for _ in range(4)] == [2, 2, 1, 0]


def test_rows_are_added_in_chunks_and_only_for_what_came_since(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(render_pending, "_CHUNK", 2)
    for _ in range(5):
        make_issued(lines=ONE)
    assert note_issued() == 5
    make_issued(lines=ONE)
    assert note_issued() == 1
    assert Document.objects.pending().count() == 6


def test_one_invoice_can_be_asked_for() -> None:
    first, second = make_issued(lines=ONE), make_issued(lines=ONE)
    assert render_due(now=NOW, limit=1, invoice_id=second.pk).done == 1
    assert [document.invoice_id for document in Document.objects.pending()] == [first.pk]


def test_two_workers_never_render_the_same_bill_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    make_issued(lines=ONE)
    rounds: list[Rendered] = []
    real = render_pending.render_bill
    note_issued()
    read_before = Document.objects.get()

    def meanwhile(*, invoice: Invoice, validated: bool) -> render_bill.Rendered:
        # Another worker looks while this one is at it: at the row itself, and by the candidates it had read before.
        rounds.append(render_due(now=NOW, limit=10))
        assert render_pending._render(document=read_before, invoice=invoice, now=NOW) is None
        return real(invoice=invoice, validated=validated)

    monkeypatch.setattr(render_pending, "render_bill", meanwhile)
    assert render_due(now=NOW, limit=10).done == 1
    assert rounds == [Rendered(done=0, failed=0, skipped=0)]


@pytest.mark.parametrize(
    ("module", "name"),
    [
        (render_pending, "render_bill"),  # before anything is made
        (render_bill, "_write"),  # made, not written
        (render_bill.os, "fsync"),  # written, not on disk
        (Path, "rename"),  # on disk under another name
        (render_pending, "_finish"),  # there, and the row does not say so
    ],
)
def test_a_kill_at_any_point_is_made_up_for_after_the_pause(module: object, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    invoice = make_issued(lines=ONE)
    with monkeypatch.context() as patch:
        patch.setattr(module, name, kill)
        with pytest.raises(Killed):
            render_due(now=NOW, limit=1)
    document = Document.objects.get()
    assert (document.rendered_at, document.attempts) == (None, 1)
    assert render_due(now=NOW + BACKOFF[0] - timedelta(seconds=1), limit=1).done == 0
    assert render_due(now=NOW + BACKOFF[0], limit=1).done == 1
    path = settings.INSTANCE.documents / Document.objects.get().path
    assert path.read_bytes() == render_bill.render_bill(invoice=invoice).pdf


def test_a_broken_template_is_tried_again_after_growing_pauses_and_the_row_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_issued(lines=ONE)
    (tmp_path / "bill.typ").write_text("#no-such-thing")
    with monkeypatch.context() as patch:
        patch.setattr(typeset, "TEMPLATES", tmp_path)
        now = NOW
        for attempt, pause in enumerate([*BACKOFF, BACKOFF[-1]], start=1):
            assert render_due(now=now, limit=1) == Rendered(done=0, failed=1, skipped=0)
            document = Document.objects.get()
            assert (document.attempts, document.next_attempt_at) == (attempt, now + pause)
            assert document.error == "CannotTypeset: unknown variable: no-such-thing"
            assert render_due(now=now + pause - timedelta(seconds=1), limit=1) == Rendered(done=0, failed=0, skipped=0)
            now += pause
    assert render_due(now=now, limit=1).done == 1
    assert Document.objects.get().error == ""


def test_many_bills_are_read_together() -> None:
    for _ in range(4):
        make_issued(lines=ONE)
    with CaptureQueriesContext(connection) as queries:
        render_due(now=NOW, limit=4)
    reading = [query["sql"] for query in queries if query["sql"].startswith("SELECT") and "billing_invoiceline" in query["sql"]]
    assert len(reading) == 1


def test_one_bill_that_fails_keeps_no_other_from_its_paper() -> None:
    make_issued(lines=ONE, seller={})
    make_issued(lines=ONE)
    assert render_due(now=NOW, limit=10) == Rendered(done=1, failed=1, skipped=0)
    assert Document.objects.pending().get().error == "KeyError: 'legal_name'"


def test_the_minutes_round_renders_what_was_issued() -> None:
    make_issued(lines=ONE)
    assert tasks.render_missing.call() == "1 rendered, 0 failed"
    assert tasks.render_missing.call() == "nothing was due"
    assert tasks.render_some.call() == "0 rendered, 0 failed"


def test_much_to_do_calls_the_other_processors_in(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[Callable[..., object]] = []
    monkeypatch.setattr(tasks, "_BATCH", 1)
    monkeypatch.setattr(tasks.os, "cpu_count", lambda: 3)
    monkeypatch.setattr(type(tasks.render_some), "enqueue", lambda task: called.append(task.func))
    for _ in range(11):
        make_issued(lines=ONE)
    assert tasks.render_missing.call() == "11 rendered, 0 failed"
    assert called == [tasks.render_some.func] * 2


def test_a_bill_can_be_nudged_once_its_transaction_has_committed(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Callable[..., object]
) -> None:
    asked: list[int] = []
    monkeypatch.setattr(type(tasks.render_one), "enqueue", lambda _task, invoice_id: asked.append(invoice_id))
    invoice = make_issued(lines=ONE)
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
        tasks.ask_for(invoice_id=invoice.pk)
        assert asked == []
    assert asked == [invoice.pk]
    assert tasks.render_one.call(invoice.pk) == "1 rendered, 0 failed"


def test_the_round_is_scheduled_every_minute() -> None:
    assert [(schedule.task, schedule.rhythm) for schedule in SCHEDULES] == [(tasks.render_missing.module_path, 1)]


# --- E-invoices -----------------------------------------------------------------------------------------------------------
def validated(monkeypatch: pytest.MonkeyPatch) -> None:
    on = settings.OPERATOR.model_copy(update={"einvoice": EInvoice(validated=True)})
    monkeypatch.setattr(settings, "OPERATOR", on)


def test_with_validation_a_bill_that_passes_is_published_as_without(monkeypatch: pytest.MonkeyPatch) -> None:
    invoice = make_issued(lines=ONE)
    without = render_bill.render_bill(invoice=invoice)
    validated(monkeypatch)
    assert render_due(now=NOW, limit=1).done == 1
    document = Document.objects.get()
    pdf = settings.INSTANCE.documents / document.path
    assert pdf.read_bytes() == without.pdf
    assert pdf.with_suffix(".xml").read_bytes() == without.xml
    assert document.xml_sha256 == sha256(without.xml).hexdigest()


@pytest.mark.parametrize(
    ("bill", "said"),
    [
        (
            {"mentions": ["Nothing that the law asks for."]},
            "Invalid: the e-invoice does not pass our own check: the note PMT stands 0 times (and 2 more)",
        ),
        ({"currency": "TND"}, "CannotExpress: amounts in TND have more than the two decimals that an e-invoice may have"),
        (
            {"buyer": buyer(country="FZ", vat_number="")},
            "Invalid: the e-invoice does not pass the rules of EN 16931 and the French reform: "
            "FX-SCH-A-000568: Value of 'ram:CountryID' is not allowed.",
        ),
    ],
)
def test_a_bill_that_does_not_pass_is_named_in_one_line_and_nothing_of_it_is_published(
    bill: dict[str, object], said: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    validated(monkeypatch)
    invoice = make_issued(lines=ONE, **bill)
    other = make_issued(lines=ONE)
    assert render_due(now=NOW, limit=2) == Rendered(done=1, failed=1, skipped=0)
    document = Document.objects.get(invoice=invoice)
    assert (document.error, document.rendered_at, document.path) == (said, None, "")
    assert f"bill {invoice.number}: {said}" in caplog.messages
    assert not list(settings.INSTANCE.documents.rglob(f"{invoice.number}.*"))
    assert Document.objects.get(invoice=other).xml_sha256


def test_while_the_rules_cannot_be_applied_nothing_is_published(monkeypatch: pytest.MonkeyPatch) -> None:
    validated(monkeypatch)
    make_issued(lines=ONE)

    def dead(**_given: object) -> tuple[str, ...]:
        raise CannotCheck("the process that applies the rules of e-invoices ended twice over this document")

    with monkeypatch.context() as patch:
        patch.setattr("bonafide.documents.einvoice.validate.rule_problems_of", dead)
        assert render_due(now=NOW, limit=1).failed == 1
    assert Document.objects.get().error.startswith("CannotCheck: the process")
    assert render_due(now=NOW + BACKOFF[0], limit=1).done == 1


@pytest.mark.parametrize("bill", [{"mentions": []}, {"currency": "TND"}])
def test_without_validation_such_a_bill_is_on_paper_alone_and_the_row_says_why(bill: dict[str, object]) -> None:
    invoice = make_issued(lines=ONE, **bill)
    assert render_due(now=NOW, limit=1).done == 1
    document = Document.objects.get()
    assert document.rendered_at == NOW
    assert document.xml_sha256 == ""
    assert "PMT" in document.error or "TND" in document.error
    assert not (settings.INSTANCE.documents / document.path).with_suffix(".xml").exists()
    assert b"factur-x" not in render_bill.render_bill(invoice=invoice).pdf


def test_what_was_rendered_before_keeps_its_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    invoice = make_issued(lines=ONE)
    note_issued()
    before = Document.objects.filter(invoice=invoice)
    before.update(path="2026/old.pdf", sha256="0" * 64, size=4, rendered_at=ISSUED)
    validated(monkeypatch)
    assert render_due(now=NOW, limit=10) == Rendered(done=0, failed=0, skipped=0)
    assert (before.get().path, before.get().xml_sha256) == ("2026/old.pdf", "")


def test_neither_starting_nor_rendering_without_validation_imports_saxon() -> None:
    script = (
        "import sys, django; django.setup()\n"
        "from bonafide.documents import tasks, views\n"
        "import bonafide.urls\n"
        "heavy = {'saxonche', 'facturx', 'pikepdf'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "from bonafide.documents.einvoice.rules_worker import Rules\n"
        "Rules()\n"
        "assert 'saxonche' in sys.modules\n"  # so the first assertion would have seen it
        "raise SystemExit(7)\n"
    )
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "bonafide.settings", "BONAFIDE_HOME": str(settings.INSTANCE.home)}
    assert subprocess.run([sys.executable, "-c", script], env=env, timeout=120, check=False).returncode == 7

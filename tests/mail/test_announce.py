"""Letters to many: seen before they are approved, one for each reader, none for who refused, and each can be refused."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bonafide.accounts.models import Account
from bonafide.mail import announce, outbox
from bonafide.mail.announce import (
    CannotApprove,
    approve,
    fill_announcements,
    finish_announcements,
    progress,
    send_preview,
)
from bonafide.mail.models import Announcement, Letter, Refusal
from bonafide.mail.outbox import send_due
from bonafide.mail.refuse import refuse
from bonafide.sign_in.letters import tell
from bonafide.sign_in.models import Event
from tests.factories.accounts import enter_as_staff, make_account, make_user
from tests.factories.mail import NOW, make_announcement, make_letter, make_reader
from tests.mail.post import posted
from tests.sign_in.post import delivered

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def refuses(user, purpose="news", since=NOW):
    refuse(user_id=user.pk, purpose=purpose, how=Refusal.How.SETTINGS, now=since)


def announced(**values):
    """Every address that an announcement reaches."""
    mail.outbox.clear()
    make_announcement(**values)
    fill_announcements(now=NOW)
    return sorted(letter.to[0] for letter in posted(NOW))


# --- To whom --------------------------------------------------------------------------------------------------------------
def test_it_reaches_who_acts_for_an_open_account_in_the_roles_it_is_for():
    account = make_account()
    for role in ("owner", "billing", "viewer"):
        make_reader(account=account, role=role, email=f"{role}@example.com")
    make_reader(account=account, email="gone@example.com", is_active=False)
    make_reader(account=make_account(closed_at=NOW), email="closed@example.com")
    make_user(email="nobody@example.com")
    account.members.add(make_user(email="unconfirmed@example.com"), through_defaults={"role": "owner", "created_at": NOW})
    assert announced() == ["billing@example.com", "owner@example.com", "viewer@example.com"]
    assert announced(audience="owners") == ["owner@example.com"]
    assert announced(audience="billing") == ["billing@example.com", "owner@example.com"]


def test_who_acts_for_two_accounts_gets_one_letter():
    user = make_reader(email="ana@example.com")
    make_account().members.add(user, through_defaults={"role": "owner", "created_at": NOW})
    assert announced() == ["ana@example.com"]


def test_each_reads_it_in_their_language():
    make_reader(email="ana@example.com", language="fr")
    make_reader(email="leo@example.com")
    announced()
    assert {letter.to[0]: letter.subject for letter in mail.outbox} == {
        "ana@example.com": "Des disques plus rapides",
        "leo@example.com": "Disks are faster",
    }
    english = next(letter for letter in mail.outbox if letter.to == ["leo@example.com"])
    assert "All disks are faster since Monday.\n\nSee https://example.com/disks & more." in english.body
    html = english.alternatives[0][0]
    assert "disks</a> &amp; more." in html, "its text is text, and addresses in it are links"


# --- Refused --------------------------------------------------------------------------------------------------------------
def test_who_refused_gets_no_news_but_works_on_the_service_and_letters_about_security():
    user = make_reader(email="ana@example.com")
    refuses(user)
    assert announced() == []
    assert announced(purpose="maintenance") == ["ana@example.com"]
    mail.outbox.clear()
    tell(user=user, event=Event.PASSKEY_ADDED, now=NOW)
    tell(user=user, event=Event.PASSWORD_CHANGED, now=NOW)
    from bonafide.sign_in.write_letters import write_due

    assert write_due(now=NOW, limit=9).sent == 2
    assert [letter.to for letter in mail.outbox] == [["ana@example.com"]] * 2


def test_who_refuses_while_it_waits_does_not_get_it():
    user = make_reader()
    make_announcement()
    assert fill_announcements(now=NOW) == 1
    refuses(user)
    assert posted(NOW) == []
    assert Letter.objects.get().outcome == "refused"


def test_who_is_closed_while_it_waits_does_not_get_it():
    user = make_reader()
    make_announcement()
    fill_announcements(now=NOW)
    user.is_active = False
    user.save()
    assert posted(NOW) == []
    assert Letter.objects.get().outcome == "moot"


def test_the_letter_carries_the_headers_of_rfc_8058_through_a_real_server(smtp_sink, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", smtp_sink.port
    service = settings.OPERATOR.service.model_copy(update={"console_url": "https://console.example"})
    settings.OPERATOR = settings.OPERATOR.model_copy(update={"service": service})
    user = make_reader(email="ana@example.com")
    make_announcement()
    fill_announcements(now=NOW)
    send_due(now=NOW, limit=10)
    letter = smtp_sink.wait_for("ana@example.com")
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = re.fullmatch(r"<https://console\.example(/letters/refuse/[\w.-]+)>", letter["List-Unsubscribe"].strip())[1]
    assert letter.get_all("List-Unsubscribe") == [letter["List-Unsubscribe"]]
    for part in ("plain", "html"):
        assert f"https://console.example{link}" in letter.get_body((part,)).get_content()
    answer = Client(enforce_csrf_checks=True).post(
        link, "List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded"
    )
    assert answer.status_code == 200
    assert Refusal.objects.get().user == user


def test_letters_that_cannot_be_refused_carry_none_of_them():
    user = make_user(email="ana@example.com")
    tell(user=user, event=Event.PASSKEY_ADDED, now=NOW)
    make_letter()
    Client().post("/account/password/reset/", {"email": "nobody@example.com"})
    from bonafide.sign_in.write_letters import write_due

    write_due(now=NOW, limit=9)
    assert len(posted(NOW)) == 3
    assert not [name for letter in mail.outbox for name in letter.extra_headers if name.startswith("List-")]
    assert [letter.about.purpose for letter in mail.outbox] == ["new-password", "login-security", "invitation"]


# --- Many, in chunks ------------------------------------------------------------------------------------------------------
def test_killed_in_the_middle_it_goes_on_and_writes_to_nobody_twice(monkeypatch):
    monkeypatch.setattr(announce, "CHUNK", 2)
    people = [make_reader() for _ in range(5)]
    announcement = make_announcement()
    fill = announce._fill_chunk
    calls = []

    def killed_at_the_second(*args):
        calls.append(args)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return fill(*args)

    monkeypatch.setattr(announce, "_fill_chunk", killed_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        fill_announcements(now=NOW)
    assert Letter.objects.count() == 2
    assert progress(announcement).complete is False
    assert fill_announcements(now=NOW) == 3
    assert fill_announcements(now=NOW) == 0
    assert {letter.to[0] for letter in posted(NOW)} == {person.email for person in people}
    assert len(mail.outbox) == 5


def test_the_database_keeps_a_second_letter_of_it_to_one_person_out():
    user, announcement = make_reader(), make_announcement()
    assert announce._fill_chunk(announcement, NOW) == 1
    fresh = {"purpose": "news", "user": user, "announcement": announcement, "at": NOW, "try_at": NOW}
    assert Letter.objects.bulk_create([Letter(**fresh)], ignore_conflicts=True)
    assert Letter.objects.count() == 1


def test_a_thousand_readers_cost_one_statement(monkeypatch):
    make_announcement()
    for _ in range(3):
        make_reader()
    with CaptureQueriesContext(
        connection,
    ) as few:
        fill_announcements(now=NOW)
    for _ in range(20):
        make_reader()
    make_announcement(subject_en="Again")
    with CaptureQueriesContext(connection) as many:
        fill_announcements(now=NOW)
    assert len(few) == len(many) <= 6


def test_letters_to_one_person_go_before_those_to_many():
    make_reader(email="many@example.com")
    make_announcement()
    fill_announcements(now=NOW - MINUTE)
    make_letter(to="one@example.com")
    assert [letter.to[0] for letter in posted(NOW)] == ["one@example.com", "many@example.com"]


def test_how_far_it_is_is_known_until_the_rows_are_gone_and_after(settings):
    for number in range(3):
        make_reader(email=f"p{number}@example.com" if number else "full@example.com")
    announcement = make_announcement()
    fill_announcements(now=NOW)
    assert vars(progress(announcement)) == {"people": 3, "ended": 0, "reached": 0, "complete": False}
    settings.EMAIL_BACKEND = "tests.mail.servers.Choosy"
    send_due(now=NOW, limit=10)
    announcement.refresh_from_db()
    assert vars(progress(announcement)) == {"people": 3, "ended": 2, "reached": 2, "complete": True}
    assert finish_announcements(now=NOW) == 0
    outbox.give_up(now=NOW + timedelta(days=3))
    assert finish_announcements(now=NOW) == 1
    Letter.objects.all().delete()
    announcement.refresh_from_db()
    assert vars(progress(announcement)) == {"people": 3, "ended": 3, "reached": 2, "complete": True}


# --- Seen first -----------------------------------------------------------------------------------------------------------
def test_only_what_one_has_seen_oneself_can_be_approved():
    staff, other = make_user(email="camille@example.com"), make_user()
    draft = make_announcement(approved_at=None)
    with pytest.raises(CannotApprove, match="preview to yourself first"):
        approve(announcement=draft, by=staff, now=NOW)
    send_preview(announcement=draft, to=staff, now=NOW)
    assert sorted(letter.subject for letter in posted(NOW)) == ["Des disques plus rapides", "Disks are faster"]
    assert "News of the service" in mail.outbox[0].body
    with pytest.raises(CannotApprove):
        approve(announcement=draft, by=other, now=NOW)
    draft.body_en += " And cheaper."
    draft.save()
    with pytest.raises(CannotApprove):
        approve(announcement=draft, by=staff, now=NOW)
    assert fill_announcements(now=NOW) == 0, "a draft goes to nobody"
    send_preview(announcement=draft, to=staff, now=NOW)
    approve(announcement=draft, by=staff, now=NOW)
    draft.refresh_from_db()
    assert (draft.approved_by, draft.approved_at) == (staff, NOW)
    with pytest.raises(CannotApprove, match="approved already"):
        approve(announcement=draft, by=staff, now=NOW)


def test_who_refused_news_still_gets_the_preview_they_asked_for():
    staff = make_user()
    refuses(staff)
    send_preview(announcement=make_announcement(approved_at=None), to=staff, now=NOW)
    assert len(posted(NOW)) == 2


# --- In the back office ---------------------------------------------------------------------------------------------------
FORM = {
    "purpose": "news",
    "audience": "owners",
    "subject_en": "Disks are faster",
    "body_en": "Since Monday.",
    "subject_fr": "Des disques plus rapides",
    "body_fr": "Depuis lundi.",
}


def test_staff_write_see_approve_and_follow_it():
    make_reader(email="ana@example.com")
    desk = Client()
    staff = enter_as_staff(desk)
    desk.post(reverse("admin:mail_announcement_add"), FORM | {"_save": "1"})
    draft = Announcement.objects.get()
    page = reverse("admin:mail_announcement_change", args=[draft.pk])
    shown = desk.get(page).content.decode()
    assert "Approve what I saw" in shown
    assert "Draft" in shown
    said = desk.post(page, FORM | {"mail_announcement_let_go": "1"}, follow=True).content.decode()
    assert "preview to yourself first" in said
    desk.post(page, FORM | {"mail_announcement_preview": "1"})
    assert {letter.to[0] for letter in delivered()} == {staff.email}
    desk.post(page, FORM | {"mail_announcement_let_go": "1"})
    draft.refresh_from_db()
    assert draft.approved_by == staff
    fill_announcements(now=NOW)
    assert "On its way: 0 of 1 letters are done" in desk.get(page).content.decode()
    desk.post(page, FORM | {"subject_en": "Changed", "_save": "1"})
    assert desk.post(reverse("admin:mail_announcement_delete", args=[draft.pk]), {"post": "yes"}).status_code == 403
    draft.refresh_from_db()
    assert draft.subject_en == "Disks are faster"


def test_staff_refuse_for_somebody_who_asks_them_to():
    user = make_reader()
    desk = Client()
    enter_as_staff(desk)
    desk.post(reverse("admin:mail_refusal_add"), {"user": user.pk, "purpose": "news"})
    assert Refusal.objects.values_list("user", "purpose", "how").get() == (user.pk, "news", "staff")


def test_the_back_office_lists_letters_without_their_words():
    make_letter(person=make_user(username="vega"))
    desk = Client()
    enter_as_staff(desk)
    page = desk.get(reverse("admin:mail_letter_changelist")).content.decode()
    assert "vega" in page
    assert "ana@example.com" not in page
    assert Account.objects.count() == 0

"""The page over usage, and its file."""

import csv
import io
import re
from typing import Any

import pytest
import time_machine
from django.test import Client

from bonafide.periods import Month
from bonafide.usage import month_page
from bonafide.usage.closing import close_month
from tests.factories.accounts import make_account, make_member, make_user
from tests.factories.usage import NOW, make_meter, use

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_the_middle_of_november():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def account():
    return make_account(reference="C-42")


@pytest.fixture
def client(account) -> Client:
    return signed_in(make_member(account=account, role="viewer"))


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page(client: Client, address: str = "/usage", status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status
    return re.sub(r"\s+", " ", answer.content.decode()).replace("\N{NO-BREAK SPACE}", " ")


def rows(client: Client, address: str) -> list[list[str]]:
    answer = client.get(address)
    assert answer.status_code == 200
    return list(csv.reader(io.StringIO(answer.content.decode())))


def test_each_meter_has_its_quantity_its_days_and_its_parts(client, account):
    meter = make_meter("storage", name_en="Object storage", unit="GB", group_by="bucket", scale=3)
    use(account, meter, "1200.5", "2024-11-03T12:00:00Z", bucket="media")
    use(account, meter, "10", "2024-11-04T12:00:00Z", bucket="logs")
    text = page(client)
    assert "November 2024 so far" in text
    assert "1–15 November 2024" in text
    assert "<h2>Object storage</h2>" in text
    assert "<b>1,210.5</b> GB" in text
    assert "<title>3 November 2024: 1,200.5 GB</title>" in text
    assert '<td class="what">media</td><td class="num big">1,200.5 GB</td>' in text
    assert 'aria-label="Object storage per day, 1,210.5 GB in all"' in text


def test_days_that_have_not_come_have_no_figure(client, account):
    use(account, make_meter("m", scale=0), "1", "2024-11-03T12:00:00Z")
    text = page(client)
    assert "<title>16 November 2024</title>" in text
    assert "<title>14 November 2024: 0 unit</title>" in text
    assert text.count('<td class="num big">') == 15


def test_of_many_parts_the_largest_are_shown_and_the_file_has_all(client, account, monkeypatch):
    monkeypatch.setattr(month_page, "PARTS_SHOWN", 2)
    meter = make_meter("m", group_by="g", scale=0)
    for name, quantity in (("small", "1"), ("large", "9"), ("middle", "5")):
        use(account, meter, quantity, "2024-11-03T12:00:00Z", g=name)
    text = page(client)
    assert "large" in text
    assert "middle" in text
    assert ">small<" not in text
    assert "These are the 2 largest" in text
    assert len(rows(client, "/usage.csv")) == 4


def test_hours_are_read_in_hours(client, account):
    meter = make_meter("h", aggregation="hours", subject="server", scale=0, unit="h")
    use(account, meter, "1", "2024-11-13T23:00:00Z", server="a")
    text = page(client)
    assert "<title>14 November 2024: 24 h</title>" in text
    assert "<b>37</b> h" in text


def test_different_values_are_counted_without_a_chart(client, account):
    meter = make_meter("u", aggregation="unique", subject="user", scale=0, unit="user")
    use(account, meter, "1", "2024-11-03T12:00:00Z", user="a")
    text = page(client)
    assert "<b>1</b> user <small>different ones in the month</small>" in text
    assert '<svg class="chart-bars"' not in text


def test_an_earlier_month_is_a_link_away_and_one_to_come_is_not(client, account):
    text = page(client)
    assert 'href="?month=2024-10"' in text
    assert 'href="?month=2024-12"' not in text
    assert 'href="?month=2024-11"' in page(client, "/usage?month=2024-10")


def test_what_came_late_is_in_the_month_it_is_of(client, account):
    close_month(month=Month(2024, 9), now=NOW)
    use(account, make_meter("m", name_en="Requests", scale=0), "7", "2024-09-18T12:00:00Z")
    assert "Requests" in page(client, "/usage?month=2024-09")
    assert "Nothing was counted for you in this month." in page(client, "/usage?month=2024-10")


@pytest.mark.parametrize("month", ["2024-13", "x", "2025-01", "<b>"])
def test_a_month_that_is_none_is_refused_in_words(client, month):
    text = page(client, f"/usage?month={month}", 400)
    assert "is not a month" in text or "has not begun yet" in text
    assert "<b>”" not in text
    assert client.get(f"/usage.csv?month={month}").status_code == 400


def test_before_anything_is_used_the_page_says_what_will_happen(client):
    assert "What you use appears here as soon as the service reports it." in page(client)


def test_others_usage_is_not_shown(client):
    use(make_account(), make_meter("m", name_en="Secret meter"), "1", "2024-11-03T12:00:00Z")
    assert "Secret meter" not in page(client)


def test_a_name_from_outside_is_only_text(client, account):
    meter = make_meter("m", name_en="<script>x</script>", group_by="g")
    use(account, meter, "1", "2024-11-03T12:00:00Z", g="<img src=x>")
    text = page(client)
    assert "<script>x" not in text
    assert "<img" not in text


def test_the_file_holds_exact_totals_for_programs(client, account):
    meter = make_meter("storage", unit="GB", group_by="bucket", scale=9)
    use(account, meter, "1200.000000001", "2024-10-03T12:00:00Z", bucket="media")
    use(account, make_meter("z", scale=0), "5", "2024-10-03T12:00:00Z")
    address = "/usage.csv?month=2024-10"
    assert rows(client, address) == [
        ["account", "month", "meter", "group", "quantity", "unit"],
        ["C-42", "2024-10", "storage", "media", "1200.000000001", "GB"],
        ["C-42", "2024-10", "z", "", "5", "unit"],
    ]
    answer = client.get(address)
    assert answer["Content-Disposition"] == 'attachment; filename="usage-c-42-2024-10.csv"'
    assert answer["Content-Type"] == "text/csv; charset=utf-8"


def test_no_cell_of_the_file_is_a_formula(client, account):
    use(account, make_meter("m", group_by="g", scale=0), "5", "2024-11-03T12:00:00Z", g="=HYPERLINK(1)")
    assert rows(client, "/usage.csv")[1][3] == "'=HYPERLINK(1)"


def test_who_is_signed_out_is_asked_to_sign_in():
    assert Client().get("/usage?month=2024-10")["Location"] == "/account/login/?next=/usage%3Fmonth%3D2024-10"


def test_a_person_without_an_account_is_told_what_to_do():
    assert "not a member of an account yet" in page(signed_in(make_user()))
    assert Client().get("/usage.csv").status_code == 302
    assert signed_in(make_user()).get("/usage.csv").status_code == 404


def test_the_page_takes_the_same_queries_however_much_was_used(client, account, django_assert_num_queries):
    for count in (1, 2):
        for kind in ("sum", "max", "latest", "count", "unique", "hours"):
            use(account, make_meter(f"{kind}{count}", aggregation=kind, subject="s"), "1", f"2024-11-0{count}T12:00:00Z", s="a")
        with django_assert_num_queries(24):
            client.get("/usage")

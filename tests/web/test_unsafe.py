"""Everything that changes something, sent by everybody: without our token, and with it."""

from __future__ import annotations

import pytest
from django.db import transaction

from tests.web.access import ACTORS, ROWS, VISITOR
from tests.web.cast import as_actor, expected, fresh, outcome, routes
from tests.web.unsafe import DEAF, UNSAFE

pytestmark = pytest.mark.django_db
# Django's form views take PUT as if it were POST; token and rights are asked all the same.
ALIKE = {"post": ("post", "put")}
METHODS = ("post", "put", "patch", "delete")
ADDRESSES = {row.route: row.address for row in ROWS}
EVERYBODY = (*ACTORS, VISITOR)


def test_every_row_is_of_a_route():
    assert {row.route for row in UNSAFE} - set(routes()) == set()


def test_what_is_not_in_the_table_takes_nothing_from_anybody(world, people):
    """Neither of somebody signed out nor of an owner: a route that answers anything but "no such method" needs its row."""
    known = {(row.route, method) for row in UNSAFE for method in ALIKE.get(row.method, (row.method,))}
    wrong = []
    for row in (row for row in ROWS if row.route not in DEAF):
        for actor in ("signed_out", "owner"):
            client = fresh(as_actor(actor, people, world))
            harmless = {"post", "none", "sign-in"}
            if (row.route, "post") in known and expected(row, actor, "") == "away":
                harmless.add("away")  # they are led away from this page whatever they send
            for method in METHODS:
                with transaction.atomic():
                    got = outcome(getattr(client, method)(row.address(world)))
                    transaction.set_rollback(True)
                if (row.route, method) not in known and got not in harmless:
                    wrong.append(f"{method} {row.route!r} as {actor}: {got}")
    assert wrong == [], "add a row to tests/web/unsafe.py"


def test_asvs_3_5_1_nothing_is_done_without_our_token(world, people):
    wrong = []
    for row in UNSAFE:
        for actor in EVERYBODY if row.token else ():
            client = fresh(as_actor(actor, people, world, enforce_csrf_checks=True))
            answer = getattr(client, row.method)(ADDRESSES[row.route](world), row.body(world))
            by_the_token = answer.status_code == 403 and "The form was too old" in answer.content.decode()
            if not by_the_token and not (row.route.startswith("api/") and outcome(answer) in ("closed", "no-key")):
                wrong.append(f"{row.route!r} as {actor}: {outcome(answer)}")
    assert wrong == []


def test_asvs_8_2_1_everybody_may_send_what_the_table_says(world, people):
    wrong = []
    for row in UNSAFE:
        address = ADDRESSES[row.route](world)
        for actor in EVERYBODY:
            with transaction.atomic():
                client = fresh(as_actor(actor, people, world))
                got, wanted = outcome(getattr(client, row.method)(address, row.body(world))), expected(row, actor, address)
                transaction.set_rollback(True)
            if got != wanted:
                wrong.append(f"{row.route!r} as {actor}: {got} instead of {wanted}")
    assert wrong == []

"""What a visit may never open, whoever edits its table."""

import re

from django.urls import get_resolver

from bonafide.privacy.visit_routes import OPEN, READ

NEVER = re.compile(
    r"pay|password|security|session|sign-in|member|invitation|key|factor|confirm|staff/|api/|\.(csv|pdf|xml|jsonl|zip)$"
)


def test_no_route_of_the_dangerous_kinds_is_open():
    names = {name: str(patterns[0][0][0]) for name, patterns in get_resolver().reverse_dict.lists() if isinstance(name, str)}
    assert {name: names[name] for name in OPEN if NEVER.search(names[name]) and name != "account_logout"} == {}
    assert OPEN.keys() - names.keys() == set()


def test_what_may_be_sent_is_the_way_out_alone():
    assert {name for name, methods in OPEN.items() if methods != READ} == {"end_visit", "account_logout"}

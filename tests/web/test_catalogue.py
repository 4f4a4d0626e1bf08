"""Every text that people read has its French, whole and well set."""

import re

import pytest
from babel.messages.mofile import read_mo

from tests import catalogue
from tests.catalogue import MO, entry, filled, strings_of, translatable

PLACES = translatable()
NARROW = "\u00a0\u202f"


def forms(message):
    return message.string if isinstance(message.string, tuple | list) else (message.string,)


def ids(message):
    return message.id if isinstance(message.id, tuple | list) else (message.id,)


def placeholders(text):
    return set(re.findall(r"%\(\w+\)[sd]", text)) | set(re.findall(r"(?<!%)%[sd]", text)) | set(re.findall(r"\{\w*\}", text))


def ill_set(text):
    """Where a French text is not set as French is: apostrophes, spaces before high punctuation and inside guillemets."""
    plain = re.sub(r"<[^>]+>|%\(\w+\)[sd]|https?://\S+", "x", text).replace("%%", "%")
    return re.findall(rf"\w'\w|[^{NARROW}\s]?[ ][:;?!»%]|[^{NARROW}\s:/?][:;?!»](?=\s|$)|«[^{NARROW}]|\w%|\"|\.\.\.", plain)


def context_of(message):
    """Babel reads the contexts of a compiled catalogue as bytes."""
    return message.context.decode() if isinstance(message.context, bytes) else message.context


def spelled(messages):
    return {(context_of(message), tuple(ids(message))): tuple(forms(message)) for message in messages if message.id}


@pytest.fixture(scope="module")
def kept():
    return catalogue.catalogue()


def test_the_search_finds_strings_in_code_and_in_templates():
    assert len(PLACES) > 200
    assert (None, "Sign out") in PLACES
    assert any(name.endswith(".py") for name, _ in PLACES[(None, "Overview")])
    assert list(strings_of(b'gettext("a")\nx = ngettext("one", "many", n)\npgettext("month", "May")\n')) == [
        (1, (None, "a")),
        (2, (None, ("one", "many"))),
        (3, ("month", "May")),
    ]


def test_every_string_has_its_french(kept):
    lacking = []
    for key, places in PLACES.items():
        message = entry(kept, key)
        if message is None or message.fuzzy or not filled(message):
            lacking.append(f"{key[1]!r} at {places[0][0]}:{places[0][1]}")
    assert lacking == [], "run python -m tests.catalogue and write the French"


def test_a_string_without_french_is_found(kept):
    assert entry(kept, (None, "A sentence that nobody wrote")) is None


def test_nothing_is_kept_that_nobody_says(kept):
    said = {(context, text) for context, text in PLACES}
    unused = [message.id for message in kept if message.id and (message.context, message.id) not in said]
    assert unused == [], "run python -m tests.catalogue"


def test_placeholders_are_the_same_in_both(kept):
    for message in kept:
        if not message.id:
            continue
        wanted = set().union(*map(placeholders, ids(message)))
        for form in forms(message):
            # A singular may leave the number out.
            missing = wanted - placeholders(form)
            assert placeholders(form) <= wanted, message.id
            assert not missing or len(forms(message)) > 1, message.id


def test_links_and_marks_are_the_same_in_both(kept):
    for message in kept:
        if message.id:
            tags = [sorted(re.findall(r"</?\w+", text)) for text in (ids(message)[0], forms(message)[0])]
            assert tags[0] == tags[1], message.id


def test_french_is_set_as_french(kept):
    wrong = {form: ill_set(form) for message in kept if message.id for form in forms(message) if ill_set(form)}
    assert wrong == {}


@pytest.mark.parametrize("text", ["l'heure", "Quoi ?", "Quoi?", "« oui »", "20 %", "20%", 'le "mot"', "attendez..."])
def test_badly_set_french_is_found(text):
    assert ill_set(text)


@pytest.mark.parametrize(
    "text", ["l’heure", "Quoi\u202f?", "«\u00a0oui\u00a0»", "20\u00a0%", "à 12:30", "voir https://x.example"]
)
def test_well_set_french_passes(text):
    assert ill_set(text) == []


def test_the_compiled_catalogue_is_the_written_one(kept):
    with MO.open("rb") as file:
        compiled = read_mo(file)
    assert spelled(compiled) == spelled(kept)

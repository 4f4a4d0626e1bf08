"""Evidence is a chain that anybody can verify, and that shows the first entry touched by hand."""

import copy

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bonafide.terms.chain import GENESIS, Broken, Whole, digest_of, faults, name_of, sign, verify

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))


def entries(count: int = 3, key: Ed25519PrivateKey = KEY) -> list[dict[str, object]]:
    made: list[dict[str, object]] = []
    for number in range(1, count + 1):
        entry: dict[str, object] = {
            "number": number,
            "clause": "S2",
            "at": "2026-11-23T03:10:00Z",
            "kept": True,
            "counts": {"pages": number, "é": 1},
            "fault": "",
            "key": name_of(PUBLIC),
        }
        entry["digest"] = digest_of(content=entry, previous=str(made[-1]["digest"]) if made else GENESIS)
        entry["signature"] = sign(key, str(entry["digest"]))
        made.append(entry)
    return made


def checked(made: list[dict[str, object]]) -> Whole | Broken:
    return verify(entries=made, keys={name_of(PUBLIC): PUBLIC})


def test_a_chain_as_it_was_written_holds():
    made = entries()
    assert checked(made) == Whole(3, str(made[-1]["digest"]))
    assert checked([]) == Whole(0, GENESIS)


def test_the_digest_is_the_published_formula():
    import hashlib

    entry = entries(1)[0]
    told = (
        '{"at":"2026-11-23T03:10:00Z","clause":"S2","counts":{"pages":1,"é":1},"fault":"",'
        f'"kept":true,"key":"{name_of(PUBLIC)}","number":1}}'
    )
    assert entry["digest"] == hashlib.sha256(f"{GENESIS}\n{told}".encode()).hexdigest()


@pytest.mark.parametrize(
    ("change", "number", "why"),
    [
        (lambda made: made[1].update(kept=False), 2, "changed by hand"),
        (lambda made: made[1].update(at="2026-11-24T03:10:00Z"), 2, "changed by hand"),
        (lambda made: made[1]["counts"].update(pages=99), 2, "changed by hand"),
        (lambda made: made.pop(1), 2, "numbered 3"),
        (lambda made: made.insert(1, copy.deepcopy(made[0])), 2, "numbered 1"),
        (lambda made: made[0].update(signature="00" * 64), 1, "signature"),
        (lambda made: made[0].update(signature="nonsense"), 1, "signature"),
        (lambda made: made[2].pop("fault"), 3, "fault missing"),
        (lambda made: made[2].update(key="0" * 16), 3, "changed by hand"),
    ],
)
def test_the_first_entry_that_was_touched_is_named(change, number, why):
    made = entries()
    change(made)
    found = checked(made)
    assert isinstance(found, Broken)
    assert found.number == number
    assert why in found.why


def test_a_chain_rewritten_by_somebody_without_the_key_does_not_hold():
    found = checked(entries(key=OTHER))
    assert isinstance(found, Broken)
    assert "signature" in found.why


def test_a_key_published_under_anothers_name_vouches_for_nothing():
    forged = {name_of(PUBLIC): OTHER.public_key().public_bytes_raw()}
    found = verify(entries=entries(key=OTHER), keys=forged)
    assert isinstance(found, Broken)
    assert "not among the published" in found.why


def test_reading_goes_on_behind_an_entry_that_was_touched():
    made = entries(6)
    made[1].update(kept=False)
    made[4].update(at="2026-11-24T03:10:00Z")
    del made[2]
    found = [broken.number for broken in faults(entries=made, keys={name_of(PUBLIC): PUBLIC})]
    assert found == [2, 3, 5]

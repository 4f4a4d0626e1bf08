"""Verify an archive of a year's books, offline: its signature, every file, every seal, and the totals.

    python3 verify.py ARCHIVE.zip [--key HEX]

It needs Python 3.8 or later and nothing else, and it connects to nothing. Its exit status is 0 when everything holds, 1 when
something does not, 2 when there is nothing to read. What is wrong is named, the first of each kind.

Why you may believe the result: take this file from somewhere else than the archive if you can, read it, and compare the key that
it prints with the one that the operator publishes (give it as --key, and it is compared for you). What it does:

1. The signature (Ed25519, RFC 8032) over the SHA-256 of manifest.jsonl, and the SHA-256 of every file that the manifest lists.
2. bills/bills.jsonl: each bill's seal is the SHA-256 of its exact content and of the seal before it; numbers have no gap; lines
   and taxes add up; each bill has its PDF.
3. ledger/ledger.jsonl: the same chain; every entry of a bill, a credit note and a payment is of its amount; the FEC balances and
   has the same entries.
4. ledger/closings.jsonl: the same chain; months come to what bills and payments come to; sums since the beginning follow.
5. bills/usage_files.jsonl: the chain of the digests of usage files.
"""

import hashlib
import json
import sys
import zipfile
import zlib
from collections import defaultdict
from decimal import Decimal

GENESIS = "0" * 64
MANIFEST, SIGNATURE = "manifest.jsonl", "signature.json"
SUMS = (
    *("documents", "net_minor", "tax_minor", "total_minor"),
    *("credit_notes", "credited_net_minor", "credited_tax_minor", "credited_minor"),
    *("settlements", "settled_minor"),
)


# --- Ed25519 (RFC 8032, section 6), verification only ---

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def add(one, other):
    """Points are (X, Y, Z, T) with x = X/Z, y = Y/Z and x*y = T/Z."""
    a, b = (one[1] - one[0]) * (other[1] - other[0]) % P, (one[1] + one[0]) * (other[1] + other[0]) % P
    c, d = 2 * one[3] * other[3] * D % P, 2 * one[2] * other[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(scalar, point):
    found = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            found = add(found, point)
        point = add(point, point)
        scalar >>= 1
    return found


def x_of(y, sign):
    """The x of a point on the curve; None where there is none."""
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    if not square:
        return None if sign else 0
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P:
        return None
    return P - x if (x & 1) != sign else x


def point_of(text):
    y = int.from_bytes(text, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    x = x_of(y, sign)
    return None if x is None else (x, y, 1, x * y % P)


_BASE_Y = 4 * pow(5, P - 2, P) % P
_BASE_X = x_of(_BASE_Y, 0)
BASE = (_BASE_X, _BASE_Y, 1, _BASE_X * _BASE_Y % P)


def signed_by(public, message, signature):
    """Whether ``signature`` (64 bytes) over ``message`` is that of the public key (32 bytes)."""
    if len(public) != 32 or len(signature) != 64:
        return False
    key, commitment = point_of(public), point_of(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if key is None or commitment is None or scalar >= ORDER:
        return False
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % ORDER
    left, right = times(scalar, BASE), add(commitment, times(challenge, key))
    same_x = (left[0] * right[2] - right[0] * left[2]) % P == 0
    return same_x and (left[1] * right[2] - right[1] * left[2]) % P == 0


# --- what is read ---


class Wrong(Exception):
    """What does not hold, in a line."""


def canonical(value):
    """One JSON text for one value: sorted names, no blanks, UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def pieces(archive, name):
    """The bytes of a file, piece by piece."""
    try:
        with archive.open(name) as file:
            while True:
                piece = file.read(1 << 20)
                if not piece:
                    return
                yield piece
    except KeyError:
        raise Wrong("{}: it is missing".format(name))
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        raise Wrong("{}: it cannot be read ({})".format(name, error))


def lines(archive, name):
    """The lines of a JSON Lines file, decoded."""
    rest = b""
    for piece in pieces(archive, name):
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            yield json.loads(line)
    if rest:
        raise Wrong("{}: its last line is cut off".format(name))


# --- 1. signature and files ---


def check_signature(archive, expected):
    digest = hashlib.sha256()
    for piece in pieces(archive, MANIFEST):
        digest.update(piece)
    told = json.loads(b"".join(pieces(archive, SIGNATURE)))
    message = "bonafide archive\n{}\n".format(digest.hexdigest()).encode()
    public, signature = bytes.fromhex(told["key"]), bytes.fromhex(told["signature"])
    if not signed_by(public, message, signature):
        raise Wrong("{}: it is not that of {}, one of the two was changed".format(SIGNATURE, MANIFEST))
    if expected and told["key"] != expected.lower():
        raise Wrong("{}: the key is {}, not the one given".format(SIGNATURE, told["key"]))
    return told["key"]


def check_files(archive):
    """Yields each file that is not as the manifest has it; every one of them is read to its end."""
    rows = lines(archive, MANIFEST)
    next(rows)
    listed = {MANIFEST, SIGNATURE}
    for row in rows:
        listed.add(row["name"])
        digest, size = hashlib.sha256(), 0
        try:
            for piece in pieces(archive, row["name"]):
                digest.update(piece)
                size += len(piece)
        except Wrong as wrong:
            yield str(wrong)
            continue
        if (digest.hexdigest(), size) != (row["sha256"], row["size"]):
            yield "{}: it is not what the manifest says".format(row["name"])
    names = archive.namelist()
    for name in sorted(set(names) - listed):
        yield "{}: it was added, the manifest does not list it".format(name)
    if len(set(names)) < len(names):
        yield "{}: it stands in the archive twice".format(next(name for name in names if names.count(name) > 1))


# --- 2. to 5. what the files say ---


class Books:
    """What the checks have in common: bills by id, payments by id, sums of months, seals."""

    def __init__(self, archive, facts):
        self.archive, self.facts, self.year = archive, facts, facts["year"]
        self.bills, self.sealed, self.payments, self.seals, self.entries = {}, {}, {}, {}, {}
        self.months = defaultdict(lambda: defaultdict(lambda: dict.fromkeys(SUMS, 0)))
        self.last = {}

    def count(self, on, currency, names, values):
        sums = self.months[int(on[:4]) * 100 + int(on[5:7])][currency]
        for name, value in zip(names, values):
            sums[name] += value


def check_bills(books):
    previous, position = books.facts["bills_follow"]["seal"], books.facts["bills_follow"]["position"]
    names, serial = set(books.archive.namelist()), 0
    books.seals[position] = previous
    for row in lines(books.archive, "bills/bills.jsonl"):
        bill, where = row["invoice"], "bill {}".format(row["invoice"]["number"])
        content = {"previous": previous, "invoice": bill, "lines": row["lines"], "taxes": row["taxes"]}
        if hashlib.sha256(canonical(content)).hexdigest() != row["seal"]:
            raise Wrong("{}: its content is not what was sealed".format(where))
        position, serial, previous = position + 1, serial + 1, row["seal"]
        if bill["position"] != position or not bill["number"].endswith("{}-{:06d}".format(books.year, serial)):
            raise Wrong("{}: a bill before it is missing".format(where))
        check_sums(where, row, books.facts["columns"])
        if "bills/pdf/{}.pdf".format(bill["number"].replace("/", "%2F")) not in names:
            raise Wrong("{}: its PDF is missing".format(where))
        books.bills[row["id"]] = (bill["number"], bill["kind"], abs(bill["net_minor"]) + abs(bill["tax_minor"]))
        books.seals[position] = books.sealed[bill["number"]] = row["seal"]
        books.last[int(bill["issued_on"][:4]) * 100 + int(bill["issued_on"][5:7])] = position
        of_kind = SUMS[4:8] if bill["kind"] == "381" else SUMS[:4]
        amounts = (1, bill["net_minor"], bill["tax_minor"], bill["total_minor"])
        books.count(bill["issued_on"], bill["currency"], of_kind, amounts)
    if serial != books.facts["bills"]:
        raise Wrong("bills/bills.jsonl: it has {} bills, and the manifest says {}".format(serial, books.facts["bills"]))
    return "{} bills and credit notes".format(serial)


def check_sums(where, row, columns):
    bill = row["invoice"]
    net = sum(line[columns["lines"].index("net_minor")] for line in row["lines"])
    bases, taxes = (sum(tax[columns["taxes"].index(name)] for tax in row["taxes"]) for name in ("base_minor", "tax_minor"))
    if net != bill["net_minor"] or bases != bill["net_minor"] or taxes != bill["tax_minor"]:
        raise Wrong("{}: its lines or its taxes do not add up to it".format(where))
    if bill["net_minor"] + bill["tax_minor"] != bill["total_minor"]:
        raise Wrong("{}: its total is not its amount before tax plus its tax".format(where))


def check_payments(books):
    for row in lines(books.archive, "payments/settlements.jsonl"):
        books.payments[row["id"]] = row
        books.count(row["entered_on"], row["currency"], SUMS[8:], (1, row["amount_minor"]))
    return "{} payments".format(len(books.payments))


def check_ledger(books):
    previous, last = GENESIS, (0, 0)
    moved = defaultdict(int)
    paid = {}
    for row in lines(books.archive, "ledger/ledger.jsonl"):
        values = row["row"]
        one = dict(zip(books.facts["columns"]["ledger"], values))
        where = "entry {} of {}, line {}".format(one["entry"], one["year"], one["line"])
        previous = hashlib.sha256(canonical([previous, values])).hexdigest()
        if previous != row["seal"]:
            raise Wrong("{}: its content is not what was sealed".format(where))
        if (one["entry"], one["line"]) not in ((last[0], last[1] + 1), (last[0] + 1, 1)):
            raise Wrong("{}: an entry or a line before it is missing".format(where))
        if one["amount_minor"] <= 0 or one["debit"] == one["credit"]:
            raise Wrong("{}: it moves nothing".format(where))
        last = (one["entry"], one["line"])
        books.entries[one["entry"]] = previous
        if one["step"] in ("issue", "credit") and one["line"] <= 2:
            moved[one["source"]] += one["amount_minor"]
        elif one["step"] == "settlement" and one["line"] == 1:
            paid[one["source"]] = one
    for pk, (number, _kind, amount) in books.bills.items():
        if moved.pop(pk, 0) != amount:
            raise Wrong("bill {}: the ledger has another amount of it".format(number))
    if moved:
        raise Wrong("ledger/ledger.jsonl: it has entries of bills that are not in the archive")
    compare_payments(books, paid)
    return "{} entries".format(last[0])


def compare_payments(books, paid):
    for pk, payment in books.payments.items():
        entry = paid.pop(pk, None)
        told = (payment["reference"], payment["entered_on"], payment["received_on"], abs(payment["amount_minor"]))
        day = entry and (entry.get("piece_on") or entry["dated_on"])
        if not entry or told != (entry["piece"], entry["dated_on"], day, entry["amount_minor"]):
            raise Wrong("payment {}: the ledger has it otherwise, or not at all".format(payment["reference"]))
    if paid:
        raise Wrong("ledger/ledger.jsonl: it has payments that are not in the archive")


def check_fec(books):
    name = books.facts["fec"]
    if not name.endswith(".txt"):
        return "no FEC: " + name
    debit = credit = Decimal(0)
    entries, rest, header = set(), b"", True
    for piece in pieces(books.archive, "ledger/" + name):
        *whole, rest = (rest + piece).split(b"\r\n")
        for line in whole:
            fields = line.decode().split("|")
            if not header:
                entries.add(int(fields[2]))
                debit += Decimal(fields[11].replace(",", "."))
                credit += Decimal(fields[12].replace(",", "."))
            header = False
    if debit != credit or not entries <= set(books.entries):
        raise Wrong("ledger/{}: its debits are not its credits, or it has entries that the ledger has not".format(name))
    return "a FEC of {} on each side".format(debit)


def check_closings(books):
    previous, before, position, count = GENESIS, {}, 0, 0
    for row in lines(books.archive, "ledger/closings.jsonl"):
        one, where = row["closing"], "closing of {}".format(row["closing"]["month"])
        if hashlib.sha256(canonical({"previous": previous, "closing": one})).hexdigest() != row["seal"]:
            raise Wrong("{}: its content is not what was sealed".format(where))
        if one["position"] != position + 1:
            raise Wrong("{}: a month before it is missing".format(where))
        previous, position, count = row["seal"], one["position"], count + 1
        for totals in one["totals"]:
            sums = before.setdefault(totals["currency"], dict.fromkeys(SUMS, 0))
            for name in SUMS:
                sums[name] += totals[name]
        if one["cumulative"] != [{"currency": currency, **before[currency]} for currency in sorted(before)]:
            raise Wrong("{}: its sums since the beginning do not follow".format(where))
        if one["month"] // 100 == books.year:
            check_month(books, one, where)
    return "{} closed months".format(count)


def check_month(books, one, where):
    found = books.months.get(one["month"], {})
    if one["totals"] != [{"currency": currency, **found[currency]} for currency in sorted(found)]:
        raise Wrong("{}: bills and payments come to something else".format(where))
    until = [position for month, position in books.last.items() if month <= one["month"]]
    position = max(until, default=books.facts["bills_follow"]["position"])
    if one["bills_position"] != position or one["bills_seal"] != books.seals[position]:
        raise Wrong("{}: the last bill that it seals is not there".format(where))
    if books.entries.get(one["ledger_entry"], GENESIS) != one["ledger_seal"]:
        raise Wrong("{}: the last entry that it seals is not there".format(where))


def check_usage_files(books):
    place, previous, count = None, None, 0
    for row in lines(books.archive, "bills/usage_files.jsonl"):
        where = "usage file of bill {}".format(row["bill"])
        if place is not None and row["position"] == place + 1 and row["previous"] != previous:
            raise Wrong("{}: its note does not follow the one before".format(where))
        told = "{}\n{}\n{}\n".format(row["previous"], row["bill_seal"], row["sha256"]).encode()
        if hashlib.sha256(told).hexdigest() != row["seal"] or books.sealed.get(row["bill"]) != row["bill_seal"]:
            raise Wrong("{}: its note is not what was sealed".format(where))
        place, previous, count = row["position"], row["seal"], count + 1
    return "{} digests of usage files".format(count)


CHECKS = (check_bills, check_payments, check_ledger, check_fec, check_closings, check_usage_files)


def verify(path, expected, say):
    """Say what holds and what does not; true when all of it holds."""
    holds = True
    with zipfile.ZipFile(path) as archive:
        try:
            key = check_signature(archive, expected)
            say("signed by the key {}".format(key))
        except (Wrong, ValueError, KeyError) as wrong:
            say("NOT RIGHT: {}".format(wrong if isinstance(wrong, Wrong) else SIGNATURE + ": it cannot be read"))
            holds = False
        try:
            for wrong in check_files(archive):
                say("NOT RIGHT: {}".format(wrong))
                holds = False
            facts = next(lines(archive, MANIFEST))
            books = Books(archive, facts)
            say("books of {} of {}, {}".format(facts["year"], facts["operator"]["legal_name"], facts["state"]))
            for check in CHECKS:
                say("right: {}".format(check(books)))
        except Wrong as wrong:
            say("NOT RIGHT: {}".format(wrong))
            holds = False
        except (ValueError, KeyError, TypeError, IndexError, AttributeError, ArithmeticError, StopIteration) as error:
            say("NOT RIGHT: it cannot be read as an archive of books ({!r})".format(error))
            holds = False
    say("everything holds" if holds else "NOT EVERYTHING HOLDS")
    return holds


def main(arguments):
    key = ""
    if "--key" in arguments[:-1]:
        at = arguments.index("--key")
        key = arguments[at + 1]
        arguments = arguments[:at] + arguments[at + 2 :]
    if len(arguments) != 1:
        print("usage: python3 verify.py ARCHIVE.zip [--key HEX]", file=sys.stderr)
        return 2
    try:
        return 0 if verify(arguments[0], key, print) else 1
    except (OSError, zipfile.BadZipFile) as error:
        print("{}: {}".format(arguments[0], error), file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""What people may write: text of any script that prints as it reads, and addresses that look like no other."""

from __future__ import annotations

import unicodedata

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

# Control, format (which turn the direction of writing, or show nothing), surrogate, private and unassigned characters.
_UNPRINTED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Persian, Indic scripts and emoji join letters with these.
_JOINERS = frozenset({"\u200c", "\u200d"})


def plain_line(text: str) -> str:
    """The text in one line and one spelling (NFC), without spaces around it or doubled.

    :raises ValidationError: when a character in it does not print, or when nothing in it is a letter or a digit.
    """
    line = unicodedata.normalize("NFC", text).strip()
    strange = next((letter for letter in line if unicodedata.category(letter) in _UNPRINTED and letter not in _JOINERS), None)
    if strange:
        raise ValidationError(
            _("There is a character in it that does not print (U+%(code)s). Type the text anew."),
            params={"code": f"{ord(strange):04X}"},
        )
    if line and not any(letter.isalnum() for letter in line):
        raise ValidationError(_("There is no letter or digit in it."))
    return " ".join(line.split())


def plain_email(address: str) -> str:
    """The address in lower case; two addresses that look alike must not be two people's.

    :raises ValidationError: for letters outside of ASCII.
    """
    lower = address.lower()
    strange = next((letter for letter in lower if ord(letter) > 127), None)
    if strange:
        raise ValidationError(
            _("“%(letter)s” (%(name)s) cannot stand in an address here. Write plain letters; a domain in its xn-- form."),
            params={"letter": strange, "name": unicodedata.name(strange, f"U+{ord(strange):04X}").lower()},
        )
    return lower

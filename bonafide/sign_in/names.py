"""Which usernames can be had: such that two never look alike, none looks like an address, and none sounds like us.

Names from before these rules keep working; they are for new ones.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from bonafide.accounts.models import User

LONGEST = 40
# Without punctuation, and without digits at the end.
RESERVED = frozenset(
    """
    abuse account accounts admin administrator anonymous api billing bonafide console contact dpo everyone guest help helpdesk
    hostmaster info invoice invoices legal mail mailerdaemon moderator nobody noreply null official operator owner payment
    payments postmaster privacy root sales security service settings staff superuser support sysadmin system team terms test
    undefined user username webmaster www
    """.split()  # noqa: SIM905 - a list of words reads better as one
)


def tidy(name: str) -> str:
    """The name as it is kept: letters that are mere forms of others (wide, ligatures) are those others."""
    return unicodedata.normalize("NFKC", name).strip()


def is_taken(name: str) -> bool:
    """Whether somebody has this name, in any case."""
    return User.objects.filter(username__iexact=name).exists()


def validate_name(name: str) -> None:
    """:raises ValidationError: with one line that says what is wrong, and with which letter."""
    if len(name) > LONGEST:
        raise ValidationError(_("Please use at most %(count)d characters."), "long", {"count": LONGEST})
    for letter in name:
        if not re.fullmatch(r"[A-Za-z0-9._-]", letter):
            raise ValidationError(
                _("Only the letters a to z, digits and . _ - can be used, but not “%(letter)s” (%(name)s)."),
                "letter",
                {"letter": letter if letter.isprintable() else " ", "name": _called(letter)},
            )
    if not re.fullmatch(r"[A-Za-z0-9](.*[A-Za-z0-9])?", name):
        raise ValidationError(_("A username begins and ends with a letter or digit."), "edge")
    if is_reserved(name):
        raise ValidationError(_("This username cannot be had. Please choose another."), "reserved")


def is_reserved(name: str) -> bool:
    """Whether somebody could take the bearer for us, however it is punctuated or numbered."""
    bare = _bare(name).rstrip("0123456789")
    identity = settings.OPERATOR.identity
    ours = {_bare(identity.trade_name), _bare(identity.legal_name)} - {""}
    return bare in RESERVED or bare in ours or any(bare in (our + word, word + our) for our in ours for word in RESERVED)


def _bare(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", unicodedata.normalize("NFKD", text).casefold())


def _called(letter: str) -> str:
    """The letter's name in Unicode, by which one that looks like another can be told from it."""
    return unicodedata.name(letter, f"U+{ord(letter):04X}").capitalize()


VALIDATORS: list[Any] = [validate_name]  # what django-allauth asks about each new name

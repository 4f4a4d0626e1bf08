"""What a new password must be: long enough, and none that somebody would try first. No rule says of which letters it is made.

These are Django's password validators. A password is looked at as it was typed and never changed; comparisons alone ignore case.
"""

from __future__ import annotations

import logging
import re
import unicodedata
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from bonafide.sign_in.breached import BadBreachedList, is_breached

LONGEST = 128  # characters of a new password; more are refused before any of them is looked at
LONGEST_EVER = 4096  # of one that is only compared: there may be older, longer ones
logger = logging.getLogger(__name__)


class LengthValidator:
    """Not too short, by the operator's file; not too long, so that nobody makes us hash megabytes. In characters, not bytes."""

    def validate(self, password: str, user: Any = None) -> None:
        shortest = settings.OPERATOR.sign_in.password_min_length
        if len(password) < shortest:
            raise ValidationError(_("This password is too short: at least %(count)d characters."), "short", {"count": shortest})
        if len(password) > LONGEST:
            raise ValidationError(_("This password is too long: at most %(count)d characters."), "long", {"count": LONGEST})


class CommonValidator(CommonPasswordValidator):
    """Django's list of 20,000 common passwords, alone or dressed up.

    Only 190 of them have twelve characters, and people who must reach twelve take a shorter one and add to it. So refused are
    also: one with up to eight digits or signs around it, one written twice, a short piece repeated, and rows of keys or letters.
    """

    ROWS = ("0123456789", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm", "azertyuiopqsdfghjklmwxcvbn")
    AROUND = 8
    PIECE = 4

    def validate(self, password: str, user: Any = None) -> None:
        if len(password) <= LONGEST and self.is_common(password.lower().strip()):
            raise ValidationError(_("This password is too common: it is among the first that anybody tries."), "common")

    def is_common(self, text: str) -> bool:
        core = re.sub(r"^[^a-z]+|[^a-z]+$", "", text)
        if text in self.passwords or (core and core in self.passwords and len(text) - len(core) <= self.AROUND):
            return True
        piece = self._piece(text)
        if piece and (len(piece) <= self.PIECE or piece in self.passwords):
            return True
        return any(text in way * len(text) for row in self.ROWS for way in (row, row[::-1]))

    @staticmethod
    def _piece(text: str) -> str:
        """The shortest piece that the text is made of by repetition; empty if it is of none shorter than half."""
        lengths = range(1, len(text) // 2 + 1)
        return next((text[:n] for n in lengths if (text[:n] * (len(text) // n + 1))[: len(text)] == text), "")


class BreachedValidator:
    """Not in the operator's file of breached passwords, if there is one. No list, no new password: the file was promised."""

    def validate(self, password: str, user: Any = None) -> None:
        path = breached_list()
        if path is None or len(password) > LONGEST:
            return
        try:
            found = is_breached(path, password)
        except BadBreachedList as error:
            logger.error("a new password could not be looked up: %s", error)
            raise ValidationError(
                _("Passwords cannot be changed at this moment. Please try again later, or write to us."), "no-list"
            ) from None
        if found:
            raise ValidationError(
                _("This password is in a list of stolen passwords that anybody can try. Please choose another."), "breached"
            )


class ContextValidator:
    """Not mainly made of our names or the person's own: without those, eight letters or more must be left."""

    LEFT = 8
    SHORTEST = 3  # letters of a name that counts

    def validate(self, password: str, user: Any = None) -> None:
        if len(password) > LONGEST:
            return
        text = _letters(password)
        left = text
        for word in sorted({*self._ours, *self._theirs(user)}, key=len, reverse=True):
            left = left.replace(word, "")
        if left != text and len(re.sub(r"\d", "", left)) < self.LEFT:
            raise ValidationError(_("This password is too easy to guess: it is mostly your name or ours."), "context")

    @cached_property
    def _ours(self) -> frozenset[str]:
        operator = settings.OPERATOR
        return frozenset(
            self._words(operator.identity.trade_name, operator.identity.legal_name, settings.CONSOLE_HOST, "bonafide")
        )

    def _theirs(self, user: Any) -> Iterator[str]:
        if user is not None:
            yield from self._words(str(user.username or ""), str(user.email or "").partition("@")[0])

    def _words(self, *names: str) -> Iterator[str]:
        for name in names:
            for word in (name, *re.split(r"[\W_]+", name)):
                word = _letters(word)
                if len(word) >= self.SHORTEST:
                    yield word


def _letters(text: str) -> str:
    """Without case, accents, spaces and punctuation; digits and other signs stay."""
    apart = unicodedata.normalize("NFKD", text).casefold()
    return "".join(sign for sign in apart if unicodedata.category(sign)[0] in "LNS")


def breached_list() -> Path | None:
    """The operator's file; a relative path is one in the instance's folder."""
    named = settings.OPERATOR.sign_in.breached_passwords
    return settings.INSTANCE.home / named if named else None

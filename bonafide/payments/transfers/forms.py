"""What staff send: a file of the bank, and the same once more when they have seen what it would do."""

from __future__ import annotations

import base64
import binascii
import zlib
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

# A statement of a day is kilobytes; larger files are imported by command.
LARGEST = 4 * 2**20


class FileForm(forms.Form):
    """A statement that was not looked at yet."""

    file = forms.FileField(
        label=_("Bank statement"),
        help_text=_("camt.053 (XML) or MT940, at most 4 MiB. You see what it would do before anything is noted."),
        widget=forms.FileInput(attrs={"accept": ".xml,.sta,.mt940,.940,.txt"}),
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > LARGEST:
            raise forms.ValidationError(_("The file is larger than 4 MiB: import it with “bonafide payments import”."))
        return file


class SeenForm(forms.Form):
    """The file that was looked at, brought along by the page: nothing of it is kept before it is imported."""

    name = forms.CharField(widget=forms.HiddenInput, max_length=120)
    packed = forms.CharField(widget=forms.HiddenInput)

    def clean_packed(self) -> bytes:
        content = unpacked(self.cleaned_data["packed"])
        if content is None:
            raise forms.ValidationError(_("The file was not sent whole: choose it again."))
        return content


def packed(content: bytes) -> str:
    """A file as text of a form."""
    return base64.b64encode(zlib.compress(content, 6)).decode()


def unpacked(text: str) -> bytes | None:
    """The file again; None for what is none, or would be too large."""
    try:
        reader = zlib.decompressobj()
        content = reader.decompress(base64.b64decode(text, validate=True), LARGEST + 1)
    except (binascii.Error, ValueError, zlib.error):
        return None
    return content if reader.eof and len(content) <= LARGEST else None

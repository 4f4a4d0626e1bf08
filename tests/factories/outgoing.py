"""An operator with processors, and rows of what was passed on."""

from datetime import UTC, datetime
from typing import Any

from django.conf import settings

from bonafide.operator import Operator
from bonafide.operator_privacy import Processor
from bonafide.outgoing.models import PassedOn

AT = datetime(2026, 11, 21, 9, 12, tzinfo=UTC)


def processor(**values: Any) -> Processor:
    """A mailer in France."""
    return Processor(
        **{
            "id": "postillon",
            "name": "Postillon",
            "purpose_en": "Carries our letters.",
            "purpose_fr": "Achemine nos lettres.",
            "data_en": "Address and text of each letter.",
            "data_fr": "Adresse et texte de chaque lettre.",
            "country": "FR",
            "contract": "Contract of 2 November 2026",
            "link": "https://postillon.example/privacy",
            "hosts": ("smtp.postillon.example",),
            **values,
        }
    )


def operator_with(*processors: Processor, **sections: dict[str, Any]) -> Operator:
    """The tests' operator, with these processors, and some settings of its sections otherwise."""
    changed: dict[str, Any] = {name: getattr(settings.OPERATOR, name).model_copy(update=new) for name, new in sections.items()}
    return settings.OPERATOR.model_copy(update={**changed, "processors": processors})


def passed_on(**values: Any) -> PassedOn:
    return PassedOn.objects.create(
        **{
            "recipient": "postillon",
            "name": "Postillon",
            "at": AT,
            "fields": ["email", "letter"],
            "clause": "U1",
            "occasion": "letter",
            **values,
        }
    )

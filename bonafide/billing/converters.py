"""How a bill's number and a month stand in an address."""

from django.urls import register_converter

from bonafide.periods import Month


class BillNumber:
    """A number as the operator's prefix and the series make it: it may hold a slash, it ends in a digit and has no dot."""

    regex = r"[A-Za-z0-9+_/-]*[0-9]"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class MonthInAddress:
    """``2026-11``; no number of a bill is written so, because those end in more digits."""

    regex = r"[0-9]{4}-(?:0[1-9]|1[0-2])"

    def to_python(self, value: str) -> Month:
        return Month.parse(value)

    def to_url(self, value: Month) -> str:
        return str(value)


register_converter(BillNumber, "bill")
register_converter(MonthInAddress, "month")

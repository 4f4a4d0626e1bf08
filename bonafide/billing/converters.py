"""How a bill's number stands in an address."""

from django.urls import register_converter


class BillNumber:
    """A number as the operator's prefix and the series make it: it may hold a slash, it ends in a digit and has no dot."""

    regex = r"[A-Za-z0-9+_/-]*[0-9]"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(BillNumber, "bill")

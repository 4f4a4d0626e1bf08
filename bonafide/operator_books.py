"""The operator's file on book-keeping: the numbers of its accounts. Pure."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from bonafide.operator_values import Section

# A FEC asks for at least the three digits of the chart of accounts, in front.
AccountNumber = Annotated[str, Field(pattern=r"^[0-9]{3}[0-9A-Z]{0,12}$")]


class Books(Section):
    """The accounts of the books, by the French chart (PCG) unless said otherwise; a change holds for later entries."""

    receivable: AccountNumber = Field("411000", description="What customers owe.")
    doubtful: AccountNumber = Field("416000", description="What customers owe and will perhaps not pay.")
    prepaid: AccountNumber = Field("419100", description="What customers paid in advance.")
    revenue: AccountNumber = Field("706000", description="Services sold.")
    vat_due: AccountNumber = Field("445710", description="VAT collected, to be declared.")
    vat_pending: AccountNumber = Field(
        "445800", description="VAT of bills that is due once they are paid; not used with `tax.vat_on_debits`."
    )
    vat_oss: AccountNumber = Field(
        "445780", description="VAT of other member states (one-stop shop); the place is put behind: `445780DE`."
    )
    bank: AccountNumber = Field("512000", description="Money at the bank.")
    clearing: AccountNumber = Field("511500", description="Money at Stripe that is not paid out yet.")
    fees: AccountNumber = Field("627000", description="What banks and Stripe charge.")
    expired: AccountNumber = Field("758000", description="Money paid in advance that expired.")
    losses: AccountNumber = Field("654000", description="What customers never paid.")

    @model_validator(mode="after")
    def _each_its_own(self) -> Books:
        numbers = [str(number) for number in self.model_dump().values()]
        twice = sorted({number for number in numbers if numbers.count(number) > 1})
        if twice:
            raise ValueError(f"{twice[0]}: expected an account of its own for each, this number stands twice")
        return self

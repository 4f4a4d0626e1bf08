"""Every row of the table of places, by country and postcode."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from bonafide.billing.tax import places
from bonafide.billing.tax.places import EU, UnknownPlace, is_place, known_place, place_of, special_places

# (country, postcode) -> (place, system, within the Union's VAT for services)
FOUND = {
    ("FR", "75011"): ("FR", "FR", True),
    ("FR", ""): ("FR", "FR", True),
    ("FR", "20000"): ("FR", "FR", True),  # Corsica
    ("FR", "97110"): ("GP", "FR", False),
    ("GP", "97110"): ("GP", "FR", False),
    ("GP", ""): ("GP", "FR", False),
    ("FR", "97200"): ("MQ", "FR", False),
    ("MQ", "97200"): ("MQ", "FR", False),
    ("FR", "97300"): ("GF", "FR", False),
    ("FR", "974 00"): ("RE", "FR", False),
    ("RE", ""): ("RE", "FR", False),
    ("FR", "97600"): ("YT", "FR", False),
    ("FR", "98000"): ("MC", "FR", True),
    ("MC", "98000"): ("MC", "FR", True),
    ("FR", "97133"): ("BL", "BL", False),
    ("GP", "97133"): ("BL", "BL", False),
    ("FR", "97700"): ("BL", "BL", False),
    ("FR", "97150"): ("MF", "MF", False),
    ("MF", ""): ("MF", "MF", False),
    ("FR", "97500"): ("PM", "PM", False),
    ("FR", "98400"): ("TF", "TF", False),
    ("FR", "98600"): ("WF", "WF", False),
    ("FR", "98714"): ("PF", "PF", False),
    ("FR", "98800"): ("NC", "NC", False),
    ("NC", "98800"): ("NC", "NC", False),
    ("ES", "28001"): ("ES", "ES", True),
    ("ES", "07001"): ("ES", "ES", True),  # the Balearics
    ("ES", "35001"): ("ES-CN", "ES-CN", False),
    ("ES", "38001"): ("ES-CN", "ES-CN", False),
    ("ES", "51001"): ("ES-CE", "ES-CE", False),
    ("ES", "52001"): ("ES-ML", "ES-ML", False),
    ("DE", "20457"): ("DE", "DE", True),
    ("DE", "78266"): ("DE-BUSINGEN", "CH", False),
    ("DE", "D-78266"): ("DE", "DE", True),
    ("DE", "DE-78266"): ("DE-BUSINGEN", "CH", False),
    ("DE", "27498"): ("DE-HELGOLAND", "DE-HELGOLAND", False),
    ("IT", "20121"): ("IT", "IT", True),
    ("IT", "23041"): ("IT-LIVIGNO", "IT-LIVIGNO", False),
    ("IT", "22061"): ("IT-CAMPIONE", "IT-CAMPIONE", False),
    ("IT", "47890"): ("SM", "SM", False),
    ("SM", "47890"): ("SM", "SM", False),
    ("IT", "00120"): ("VA", "VA", False),
    ("GR", "10431"): ("GR", "GR", True),
    ("GR", "630 86"): ("GR-69", "GR-69", False),
    ("FI", "00100"): ("FI", "FI", True),
    ("FI", "22100"): ("AX", "AX", False),
    ("AX", "22100"): ("AX", "AX", False),
    ("DK", "1050"): ("DK", "DK", True),
    ("DK", "100"): ("FO", "FO", False),
    ("DK", "3900"): ("GL", "GL", False),
    ("PT", "1000-001"): ("PT", "PT", True),
    ("PT", "9500-001"): ("PT-20", "PT", True),
    ("PT", "9000-001"): ("PT-30", "PT", True),
    ("AT", "1010"): ("AT", "AT", True),
    ("AT", "6691"): ("AT-JUNGHOLZ", "AT", True),
    ("AT", "6992"): ("AT-JUNGHOLZ", "AT", True),
    ("GB", "SW1A 1AA"): ("GB", "GB", False),
    ("GB", "bt1 1aa"): ("GB-NIR", "GB", False),
    ("GB", "IM1 1AA"): ("IM", "GB", False),
    ("GB", "JE2 3AB"): ("JE", "JE", False),
    ("GB", "GY1 1AA"): ("GG", "GG", False),
    ("CH", "8001"): ("CH", "CH", False),
    ("CH", "9490"): ("LI", "CH", False),
    ("LI", "9490"): ("LI", "CH", False),
    ("US", "97110"): ("US", "US", False),  # a postcode counts in its own country alone
    ("AD", "AD500"): ("AD", "AD", False),
    ("CY", "1010"): ("CY", "CY", True),
}


@pytest.mark.parametrize(("country", "postcode"), FOUND)
def test_an_address_is_in_its_place(country: str, postcode: str) -> None:
    place = place_of(country, postcode)
    assert (place.code, place.system, place.eu) == FOUND[country, postcode]


def test_every_row_of_the_table_is_found_above_and_says_where_it_stands() -> None:
    table = tomllib.loads(Path(places.__file__).with_name("places.toml").read_text(encoding="utf-8"))
    codes = {row["code"] for row in table["places"]}
    assert codes <= {code for code, _system, _eu in FOUND.values()}
    assert all(row["source"] and row["confidence"] in ("H", "M", "L") for row in table["places"])
    assert all(row["country"] != row["code"] for row in table["places"])


def test_the_union_has_its_twenty_seven_members_and_each_is_within_its_own_vat() -> None:
    assert len(EU) == 27
    assert all(known_place(code).eu and known_place(code).system == code for code in EU)


def test_greek_numbers_begin_with_el_and_those_of_a_part_with_those_of_its_state() -> None:
    assert [known_place(code).vat_prefix for code in ("GR", "MC", "AT-JUNGHOLZ", "PT-20", "FR")] == ["EL", "FR", "AT", "PT", "FR"]


@pytest.mark.parametrize("country", ["", "fr", "UK", "EL", "XX", "EU", "FRA", "ZZ", "F1"])
def test_what_is_no_country_is_refused_with_the_remedy(country: str) -> None:
    assert not is_place(country)
    with pytest.raises(UnknownPlace, match=re.escape(f"{country!r} is not an ISO 3166-1 code such as FR: correct its address")):
        place_of(country, "75011")


def test_places_without_a_code_of_iso_3166_1_can_be_named() -> None:
    assert {"ES-CN", "GB-NIR", "IT-LIVIGNO"} <= set(special_places())
    assert "RE" not in special_places()
    assert is_place("ES-CN")

"""Countries and regions: every one has its name in each official language, and lies where M49 puts it."""

from __future__ import annotations

import pytest

from portal_gateway import places
from portal_gateway.domain.speech.language import LANGUAGES


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_country_and_region_has_a_name(language: str) -> None:
    names = places.names(language)
    assert len(names) == len(places.countries()) + len(places.regions()) + len(places.others()) == 306
    assert [code for code, name in names.items() if not name.strip()] == []


def test_names_are_those_the_united_nations_uses() -> None:
    assert (places.names("en")["CI"], places.names("fr")["CI"]) == ("Côte d’Ivoire", "Côte d’Ivoire")
    assert places.names("zh")["TW"] == "中国台湾省"
    assert places.names("ar")["ML"] == "مالي"


def test_codes_that_only_files_have_are_named_and_are_no_country() -> None:
    assert places.names("en")["XK"].startswith("Kosovo")
    assert places.names("zh")["998"] == "发展中国家，未具体说明"
    assert not places.others().keys() & (places.countries().keys() | places.regions().keys())


def test_a_country_lies_in_its_regions() -> None:
    assert places.regions_of("ML") == ("002", "202", "011")
    assert places.regions_of("XX") == ()
    assert {"ML", "NE", "BF"} <= places.countries_of("011") < places.countries_of("202") < places.countries_of("002")
    assert places.countries_of(places.WORLD) == set(places.countries())

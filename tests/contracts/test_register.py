"""The register: what is accepted, what is refused and why, and what was known at a cut-off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from contracts.model import ExampleResult
from contracts.parties import import_parties
from contracts.register import add_contracts, contracts_known, versions_of
from database.recordings import latest
from kernel.findings import Refusal
from kernel.money import Eur
from kernel.periods import Month
from tariffs.price_lists import import_prices
from tariffs.products import import_products

Write = Callable[..., Path]
INSTALMENT = ExampleResult("wijkteam", Month(2026, 1), "instalment", Eur("100000.00"))
SHADOW = ExampleResult("wijkteam", Month(2026, 1), "45A04", Eur("60.00"))


def refused(connection: Connection, settler: Any, *paths: Path) -> list[str]:
    """The findings of documents that are refused; nothing of them was recorded."""
    before, contracts_before = latest(connection), contracts_known(connection, latest(connection))
    with pytest.raises(Refusal, match="niets is vastgelegd") as refusal:
        add_contracts(connection, paths, "tester", settler)
    assert latest(connection) == before
    assert contracts_known(connection, before) == contracts_before
    return [str(finding) for finding in refusal.value.findings]


def test_documents_of_one_call_are_one_recording(
    prepared: Connection, document: Write, settler: Any, population: str, effort: str, prices_file: Path
) -> None:
    import_prices(prepared, prices_file, "tester")
    paths = [document(effort, "b.toml"), document(population, "a.toml")]
    result = add_contracts(prepared, paths, "tester", settler)
    assert (result.recording, result.added, result.changed, result.known) == (4, ("A", "B"), (), ())
    assert result.warnings == ()
    known = contracts_known(prepared, 4)
    assert [(entry.contract.number, entry.recording) for entry in known] == [("A", 4), ("B", 4)]
    assert known[0].document == population
    assert contracts_known(prepared, 3) == []
    assert sorted(settler.seen) == [("A", "januari"), ("B", "januari")]


def test_one_wrong_document_keeps_all_out(
    prepared: Connection, document: Write, settler: Any, population: str, effort: str
) -> None:
    paths = [document(population, "a.toml"), document(effort.replace("45A04", "99X99"), "b.toml")]
    (first, *_) = refused(prepared, settler, *paths)
    assert first.startswith('b.toml, regel 12, onderdeel "ambulant", sleutel products[1]: product 99X99 is onbekend')


def test_the_same_document_again_records_nothing(
    prepared: Connection, document: Write, settler: Any, population: str, effort: str
) -> None:
    add_contracts(prepared, [document(population)], "tester", settler)
    again = add_contracts(prepared, [document(population, "copy.toml")], "tester", settler)
    assert (again.recording, again.known) == (None, ("A",))
    both = add_contracts(prepared, [document(population), document(effort, "b.toml")], "tester", settler)
    assert (both.recording, both.added, both.known) == (4, ("B",), ("A",))
    assert [entry.recording for entry in contracts_known(prepared, 4)] == [3, 4]


def test_a_changed_document_is_a_new_version(
    prepared: Connection, document: Write, settler: Any, population: str
) -> None:
    changed = population.replace("artikel 4 lid 1", "artikel 4 lid 2")
    for text in (population, changed, population):
        result = add_contracts(prepared, [document(text)], "tester", settler)
    assert (result.recording, result.added, result.changed) == (5, (), ("A",))
    clauses = {cutoff: contracts_known(prepared, cutoff)[0].contract.component[0].clause for cutoff in (3, 4, 5)}
    assert clauses == {3: "artikel 4 lid 1", 4: "artikel 4 lid 2", 5: "artikel 4 lid 1"}
    assert len({contracts_known(prepared, cutoff)[0].id for cutoff in (3, 4, 5)}) == 1
    versions = versions_of(prepared, "A")
    assert [(version.recording, version.document) for version in versions] == [
        (3, population),
        (4, changed),
        (5, population),
    ]
    assert {version.recorded_by for version in versions} == {"tester"}


def test_versions_of_an_unknown_contract(prepared: Connection) -> None:
    with pytest.raises(Refusal, match="contract A is niet bekend"):
        versions_of(prepared, "A")


def test_parties_must_be_known(prepared: Connection, document: Write, settler: Any, effort: str) -> None:
    text = effort.replace("41000002", "41000009").replace("GM0599", "GM0001")
    assert [finding.split(";")[0] for finding in refused(prepared, settler, document(text))] == [
        "a.toml, regel 3, sleutel provider: aanbieder 41000009 is onbekend",
        "a.toml, regel 4, sleutel municipalities[2]: gemeente GM0001 is onbekend",
    ]


def test_a_contract_keeps_its_provider(prepared: Connection, document: Write, settler: Any, population: str) -> None:
    add_contracts(prepared, [document(population)], "tester", settler)
    (finding,) = refused(prepared, settler, document(population.replace("41000001", "41000002")))
    assert finding.startswith(
        "a.toml, regel 3, sleutel provider: contract A is van aanbieder 41000001 en blijft van die aanbieder"
    )


def test_the_task_field_must_exist(prepared: Connection, document: Write, settler: Any, population: str) -> None:
    (finding,) = refused(prepared, settler, document(population.replace("6.23", "6.2")))
    assert finding == (
        'a.toml, regel 13, onderdeel "wijkteam", sleutel task_field: "6.2" is geen taakveld van Iv3 2025; '
        "kies bijvoorbeeld 6.23"
    )


@pytest.mark.parametrize(
    ("good", "bad", "said"),
    [
        ('covers = ["45A04"]', 'covers = ["45A04", "99X99"]', "sleutel covers[2]: product 99X99 is onbekend"),
        ('covers = ["45A04"]', 'covers = ["45A04", "02A99"]',
         "sleutel covers[2]: product 02A99 bestaat niet in de looptijd van het contract"),
        ('laws = ["Jeugdwet", "Wmo"]', 'laws = ["Wmo"]',
         "sleutel covers[1]: product 45A04 valt onder de Jeugdwet en het contract niet"),
    ],
)  # fmt: skip
def test_products_must_be_known_and_of_a_law_of_the_contract(
    prepared: Connection, document: Write, settler: Any, population: str, good: str, bad: str, said: str
) -> None:
    (finding,) = refused(prepared, settler, document(population.replace(good, bad)))
    assert said in finding


def test_an_example_counts_as_the_catalogue_counts(
    prepared: Connection, document: Write, settler: Any, effort: str
) -> None:
    text = effort.replace("45A04 = { unit", "02A16 = { unit").replace('product = "45A04"', 'product = "02A16"')
    text = text.replace('prices = [ ["45A04"', 'prices = [ ["02A16"')
    (finding,) = refused(prepared, settler, document(text))
    assert finding.startswith(
        'a.toml, regel 17, rekenvoorbeeld "januari", sleutel products.02A16: '
        "product 02A16 is op 05-01-2026 in de catalogus: minute, hour, client_month"
    )
    good = text.replace('price_per = "hour"', 'price_per = "hour", rounding = "client_month"')
    add_contracts(prepared, [document(good)], "tester", settler)


def test_an_example_follows_the_catalogue_of_the_day(
    prepared: Connection, document: Write, settler: Any, effort: str, products_file: Path
) -> None:
    """The rounding of a product changes in 2026; an example of 2025 still counts the old way."""
    lines = products_file.read_text().splitlines()
    row = lines[1]
    until, later = row + "01-01-2026", row.replace(";regel;", ";client en maand;").replace("2025", "2026")
    products_file.write_text("\n".join([lines[0], until, later]))
    import_products(prepared, products_file, "tester")
    (finding,) = refused(prepared, settler, document(effort))
    assert "product 45A04 is op 05-01-2026 in de catalogus: minute, hour, client_month" in finding
    add_contracts(prepared, [document(effort.replace("2026-01", "2025-02"))], "tester", settler)


@pytest.mark.parametrize(
    ("results", "said"),
    [
        ((INSTALMENT, replace(SHADOW, amount=Eur("60.01"))),
         "sleutel expect[2]: wijkteam, 2026-01, 45A04: verwacht 60,00, berekend 60,01"),
        ((replace(INSTALMENT, amount=Eur("99999.99")), SHADOW),
         "sleutel expect[1]: wijkteam, 2026-01, instalment: verwacht 100.000,00, berekend 99.999,99"),
        ((INSTALMENT,), "sleutel expect[2]: wijkteam, 2026-01, 45A04: verwacht 60,00, berekend niets"),
        ((INSTALMENT, SHADOW, replace(SHADOW, label="44A09", amount=Eur("0.01"))),
         "sleutel expect: wijkteam, 2026-01, 44A09: niet verwacht, berekend 0,01"),
        ((INSTALMENT, SHADOW, replace(SHADOW, month=Month(2025, 12), amount=Eur("-5.00"))),
         "sleutel expect: wijkteam, 2025-12, 45A04: niet verwacht, berekend -5,00"),
        ((INSTALMENT, SHADOW, replace(SHADOW, amount=Eur("0.01"))),
         "sleutel expect[2]: wijkteam, 2026-01, 45A04: verwacht 60,00, berekend 60,01"),
    ],
)  # fmt: skip
def test_an_example_must_come_out_to_the_cent(
    prepared: Connection, document: Write, settler: Any, population: str, results: Any, said: str
) -> None:
    settler.results = results
    (finding,) = refused(prepared, settler, document(population))
    assert 'rekenvoorbeeld "januari"' in finding
    assert said in finding


def test_lines_of_one_product_at_two_prices_count_together(
    prepared: Connection, document: Write, settler: Any, population: str
) -> None:
    settler.results = (INSTALMENT, replace(SHADOW, amount=Eur("45.50")), replace(SHADOW, amount=Eur("14.50")))
    assert add_contracts(prepared, [document(population)], "tester", settler).added == ("A",)


def test_nothing_may_be_expected_in_so_many_words(
    prepared: Connection, document: Write, settler: Any, population: str
) -> None:
    settler.results = (INSTALMENT,)
    text = population.replace('"45A04", "60.00"],\n', '"45A04", "0.00"],\n')
    assert add_contracts(prepared, [document(text)], "tester", settler).added == ("A",)


def test_a_line_is_expected_once(prepared: Connection, document: Write, settler: Any, population: str) -> None:
    line = '    ["wijkteam", "2026-01", "45A04", "60.00"],\n'
    settler.results = (INSTALMENT, SHADOW)
    (finding,) = refused(prepared, settler, document(population.replace(line, line + line)))
    assert "sleutel expect[3]: wijkteam, 2026-01, 45A04 wordt twee keer verwacht" in finding


def test_an_example_that_cannot_be_settled_is_told(
    prepared: Connection, document: Write, settler: Any, population: str
) -> None:
    settler.refusal = Refusal("geen prijs voor 45A04 op 05-01-2026", "voeg de prijs toe")
    assert refused(prepared, settler, document(population)) == [
        'a.toml, regel 19, rekenvoorbeeld "januari": het voorbeeld is niet uit te rekenen: '
        "geen prijs voor 45A04 op 05-01-2026; voeg de prijs toe"
    ]


def test_one_number_stands_in_one_document(
    prepared: Connection, document: Write, settler: Any, population: str
) -> None:
    findings = refused(prepared, settler, document(population), document(population, "copy.toml"))
    assert findings == ["copy.toml, regel 1, sleutel contract: contract A staat ook in a.toml; "
                        "geef elk contract een eigen nummer"]  # fmt: skip


# --- one delivery, one contract ---------------------------------------------------------------------------------------


def other_contract(effort: str) -> str:
    """Contract C of the same provider, municipalities and products as contract B."""
    text = effort.replace('contract = "B"', 'contract = "C"').replace('key = "ambulant"', 'key = "extra"')
    return text.replace('["ambulant", "2026-01"', '["extra", "2026-01"')


AMBIGUOUS = [
    f'c.toml, regel 12, onderdeel "extra", sleutel products: product {product} van {municipality} is op dezelfde dagen '
    'ook van onderdeel "ambulant" van contract B'
    for municipality in ("GM0502", "GM0599")
    for product in ("45A04", "02A16")
]


def test_a_delivery_of_two_contracts_is_refused(
    prepared: Connection, document: Write, settler: Any, effort: str
) -> None:
    first, second = document(effort, "b.toml"), document(other_contract(effort), "c.toml")
    together = refused(prepared, settler, first, second)
    assert together == refused(prepared, settler, second, first)
    add_contracts(prepared, [first], "tester", settler)
    after = refused(prepared, settler, second)
    assert [finding.split(";")[0] for finding in after] == AMBIGUOUS
    assert sorted(together) == sorted(after)


@pytest.mark.parametrize(
    ("good", "other"),
    [
        ("41000002", "41000001"),
        ('["GM0502", "GM0599"]', '["GM0600"]'),
        ("from = 2025-01-01, until = 2029-01-01", "from = 2029-01-01, until = 2030-01-01"),
        ('["45A04", "02A16"]', '["44A09"]'),
    ],
)
def test_contracts_apart_do_not_compete(
    prepared: Connection, document: Write, settler: Any, effort: str, parties_file: Path, good: str, other: str
) -> None:
    """Another provider, municipality or product, or a contract that begins on the day the other ends."""
    parties_file.write_text("soort;code;naam\ngemeente;GM0600;X\n")
    import_parties(prepared, parties_file, "tester")
    add_contracts(prepared, [document(effort, "b.toml")], "tester", settler)
    text = other_contract(effort).split("[[example]]")[0].replace(good, other)
    assert add_contracts(prepared, [document(text, "c.toml")], "tester", settler).added == ("C",)


def test_one_day_of_overlap_is_too_much(prepared: Connection, document: Write, settler: Any, effort: str) -> None:
    add_contracts(prepared, [document(effort, "b.toml")], "tester", settler)
    text = other_contract(effort).split("[[example]]")[0]
    text = text.replace("from = 2025-01-01, until = 2029-01-01", "from = 2028-12-31, until = 2030-01-01")
    assert len(refused(prepared, settler, document(text, "c.toml"))) == 4


def test_a_version_that_lets_go_makes_room(prepared: Connection, document: Write, settler: Any, effort: str) -> None:
    """B ends earlier and C begins there, in one call; the old version of B does not stand in the way."""
    add_contracts(prepared, [document(effort, "b.toml")], "tester", settler)
    shorter = effort.replace("until = 2029-01-01", "until = 2027-01-01")
    text = other_contract(effort).replace("from = 2025-01-01", "from = 2027-01-01").split("[[example]]")[0]
    result = add_contracts(prepared, [document(shorter, "b.toml"), document(text, "c.toml")], "tester", settler)
    assert (result.added, result.changed) == (("C",), ("B",))

"""The product catalogue: what a file may say, and what is known at a cut-off."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from itertools import product
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import Connection, Engine

from database.recordings import latest
from kernel.findings import Refusal
from settlement.entitlement import LABEL_WORDS
from tariffs.products import CareLine, Scope, _task_field, catalogue, import_products
from tariffs.rule_words import RULE_WORDS
from tariffs.task_fields import TASK_FIELDS
from tariffs.units import PRICE_RULES, Rounding, Unit

ROW = "Jeugdwet;45;45A04;Ambulant;minuut;uur;regel;tweede;lokaal;6.751;01-01-2025;"


def refused(connection: Connection, path: Path) -> list[str]:
    """The findings of a file that is refused; nothing of it was recorded."""
    before = latest(connection)
    with pytest.raises(Refusal) as refusal:
        import_products(connection, path, "tester")
    assert latest(connection) == before
    return [str(finding) for finding in refusal.value.findings]


def test_a_product_is_read(connection: Connection, products_file: Callable[..., Path]) -> None:
    result = import_products(connection, products_file(ROW), "tester")
    assert (result.recording, result.added, result.changed, result.known) == (1, ("45A04",), (), ())
    known = catalogue(connection, 1)["45A04"]
    version = known.on(date(2025, 1, 1))
    assert version is not None
    assert (version.law, version.category, version.name) == ("Jeugdwet", "45", "Ambulant")
    assert (version.unit, version.price_per, version.rounding) == (Unit.MINUTE, Unit.HOUR, Rounding.ROW)
    assert version.rule is PRICE_RULES[(Unit.MINUTE, Unit.HOUR, Rounding.ROW)]
    assert (version.care_line, version.scope, version.task_field) == (CareLine.SECOND, Scope.LOCAL, "6.751")
    assert known.on(date(2024, 12, 31)) is None
    assert known.recording == 1


@pytest.mark.parametrize("code", ["plan", "ceiling", "bands", "plan x"])
def test_a_product_is_not_called_as_a_rule(
    connection: Connection, products_file: Callable[..., Path], code: str
) -> None:
    """What was paid on it would be taken back as an amount of a rule that is owed no longer."""
    [finding] = refused(connection, products_file(ROW.replace("45A04", code)))
    assert finding == (
        f'rij 2, kolom "product": {code} is een woord voor een regel van een contract; geef het product een andere code'
    )


def test_the_words_of_rules_are_those_of_lines() -> None:
    assert LABEL_WORDS == RULE_WORDS


def test_english_headers_and_words_say_the_same(
    connection: Connection, products_file: Callable[..., Path], write: Callable[..., Path]
) -> None:
    import_products(connection, products_file(ROW), "tester")
    english = write(
        "law,category,code,name,unit,price per,rounding,care line,scope,task field,from,until",
        "JEUGDWET,45,45A04,Ambulant,minute,hour,row,second,local,6.751,2025-01-01,",
    )
    assert import_products(connection, english, "tester").known == ("45A04",)


def test_the_same_products_again_record_nothing(
    connection: Connection, products_file: Callable[..., Path], write: Callable[..., Path]
) -> None:
    first = products_file(ROW, ROW.replace("45A04", "45A05"))
    import_products(connection, first, "tester")
    again = import_products(connection, products_file(ROW.replace("45A04", "45A05"), ROW), "tester")
    assert (again.recording, again.known) == (None, ("45A04", "45A05"))
    assert latest(connection) == 1


def test_only_what_changed_gets_a_new_version(connection: Connection, products_file: Callable[..., Path]) -> None:
    other = ROW.replace("45A04", "45A05")
    import_products(connection, products_file(ROW, other), "tester")
    result = import_products(connection, products_file(ROW.replace("Ambulant", "Thuis"), other), "tester")
    assert (result.recording, result.changed, result.known) == (2, ("45A04",), ("45A05",))
    names = {
        cutoff: catalogue(connection, cutoff)["45A04"].on(date(2026, 1, 1)).name  # type: ignore[union-attr]
        for cutoff in (1, 2)
    }
    assert names == {1: "Ambulant", 2: "Thuis"}
    assert {code: product.recording for code, product in catalogue(connection, 2).items()} == {"45A04": 2, "45A05": 1}
    assert catalogue(connection, 0) == {}


def test_a_product_keeps_its_id_through_its_versions(
    connection: Connection, products_file: Callable[..., Path]
) -> None:
    import_products(connection, products_file(ROW), "tester")
    import_products(connection, products_file(ROW.replace("Ambulant", "Thuis")), "tester")
    assert catalogue(connection, 1)["45A04"].id == catalogue(connection, 2)["45A04"].id


def test_a_version_holds_all_rows_of_the_product(connection: Connection, products_file: Callable[..., Path]) -> None:
    """A row that the later file leaves out no longer holds, also where nothing replaces it."""
    earlier = ROW.replace(";01-01-2025;", ";01-01-2024;01-01-2025").replace("6.751", "6.752")
    import_products(connection, products_file(ROW, earlier), "tester")
    known = catalogue(connection, 1)["45A04"]
    assert [version.task_field for version in known.versions] == ["6.752", "6.751"]
    assert known.on(date(2024, 12, 31)) is known.versions[0]
    assert known.on(date(2025, 1, 1)) is known.versions[1]
    import_products(connection, products_file(ROW), "tester")
    assert catalogue(connection, 2)["45A04"].on(date(2024, 12, 31)) is None
    assert catalogue(connection, 1)["45A04"].on(date(2024, 12, 31)) is not None


WORDS = {
    Unit.MINUTE: "minuut",
    Unit.HOUR: "uur",
    Unit.DAY_PART: "dagdeel",
    Unit.DAY: "dag",
    Unit.PIECE: "stuk",
    Rounding.ROW: "regel",
    Rounding.CLIENT_MONTH: "client en maand",
}


def test_only_known_price_rules_pass(connection: Connection, products_file: Callable[..., Path]) -> None:
    """Every combination as a product of its own: exactly the seven that exist are good."""
    combinations = list(product(Unit, Unit, Rounding))
    rows = [
        ROW.replace("45A04", f"X{number:02}").replace("minuut;uur;regel", ";".join(WORDS[word] for word in words))
        for number, words in enumerate(combinations)
    ]
    findings = refused(connection, products_file(*rows))
    wrong = [number for number, words in enumerate(combinations) if words not in PRICE_RULES]
    assert len(wrong) == 43
    assert [finding.split(";")[0] for finding in findings] == [
        f"rij {number + 2}: deze eenheid, prijs per en afronding gaan niet samen" for number in wrong
    ]
    good = [row for number, row in enumerate(rows) if number not in wrong]
    assert len(import_products(connection, products_file(*good), "tester").added) == 7


def test_every_word_of_no_list_is_told_at_once(connection: Connection, products_file: Callable[..., Path]) -> None:
    wrong = [
        ("Jeugdwet", "Wlz", 'rij 2, kolom "wet": "Wlz" staat niet in de lijst; kies uit wmo, jeugdwet'),
        (
            "minuut",
            "euro",
            'rij 3, kolom "eenheid": "euro" staat niet in de lijst; kies uit minuut, uur, dagdeel, dag, stuk',
        ),
        ("uur", "jaar", 'rij 4, kolom "prijs per": "jaar" staat niet in de lijst; kies uit minuut'),
        ("regel", "rij", 'rij 5, kolom "afronding": "rij" staat niet in de lijst; kies uit regel'),
        ("tweede", "derde", 'rij 6, kolom "lijn": "derde" staat niet in de lijst; kies uit nulde'),
        ("lokaal", "wijk", 'rij 7, kolom "schaal": "wijk" staat niet in de lijst; kies uit lokaal'),
        ("6.751", "6.72a", 'rij 8, kolom "taakveld": "6.72a" is geen taakveld van Iv3 2025; kies'),
        ("01-01-2025", "31-02-2025", 'rij 9, kolom "vanaf": 31-02-2025 bestaat niet; vul'),
        ("Ambulant", "", 'rij 10, kolom "naam": leeg; vul een waarde in'),
    ]
    findings = refused(connection, products_file(*(ROW.replace(good, bad) for good, bad, _ in wrong)))
    assert len(findings) == len(wrong)
    for finding, (_, _, said) in zip(findings, wrong, strict=True):
        assert finding.startswith(said)


def test_rows_of_a_product_do_not_overlap(connection: Connection, products_file: Callable[..., Path]) -> None:
    findings = refused(connection, products_file(ROW + "02-01-2026", ROW.replace("2025", "2026"), ROW))
    assert [finding.split(";")[0] for finding in findings] == [
        "rij 3: product 45A04 overlapt met rij 2",
        "rij 4: product 45A04 overlapt met rij 2",
        "rij 4: product 45A04 overlapt met rij 3",
    ]
    import_products(connection, products_file(ROW + "01-01-2026", ROW.replace("2025", "2026")), "tester")


def test_a_product_keeps_its_unit(connection: Connection, products_file: Callable[..., Path]) -> None:
    """Against what is known and within a file; every row that says otherwise is told, with what else is wrong."""
    import_products(connection, products_file(ROW), "tester")
    hours = ROW.replace("minuut;uur", "uur;uur")
    new = ROW.replace("45A04", "45A05")
    findings = refused(
        connection,
        products_file(
            ROW + "01-01-2026",
            hours.replace("2025", "2026") + "01-01-2027",
            hours.replace("2025", "2027"),
            new + "01-01-2026",
            new.replace("minuut;uur", "stuk;stuk").replace("2025", "2026"),
            ROW.replace("45A04", "45A06") + "01-01-2024",
            ROW.replace("45A04", "45A07").replace("Ambulant", ""),
        ),
    )
    assert [finding.split(";")[0] for finding in findings] == [
        'rij 8, kolom "naam": leeg',
        "rij 7: de einddatum ligt niet na de begindatum",
        "rij 3: product 45A04 wordt geleverd in minuten",
        "rij 4: product 45A04 wordt geleverd in minuten",
        "rij 6: product 45A05 wordt geleverd in minuten",
    ]
    assert findings[2].endswith("; geef het product in de andere eenheid een eigen code")


@pytest.fixture
def delivered(invoke: Callable[..., Result], products_file: Callable[..., Path], tmp_path: Path) -> None:
    """Two rows of 45A04 in January 2026 and one in February, and one of March that was credited."""
    (tmp_path / "parties.csv").write_text("soort;code;naam\ngemeente;GM0502;Capelle\naanbieder;41000002;Zorg\n")
    header = "referentie;gemeente;aanbieder;bsn;product;begindatum;einddatum;aantal;dc;vorige referentie"
    days = {"r1": "05-01-2026", "r2": "31-01-2026", "r3": "01-02-2026", "r4": "05-03-2026"}
    rows = [f"{name};GM0502;41000002;999900006;45A04;{day};{day};60;D;" for name, day in days.items()]
    rows.append(rows[-1].replace("D;", "C;r4").replace("r4;", "r5;", 1))
    (tmp_path / "deliveries.csv").write_text("\n".join([header, *rows, ""]))
    for arguments in (
        ("contract", "parties", tmp_path / "parties.csv"),
        ("tariff", "products", products_file(ROW)),
        ("import", "deliveries", tmp_path / "deliveries.csv"),
    ):
        assert invoke(*arguments).exit_code == 0


@pytest.mark.usefixtures("delivered")
@pytest.mark.parametrize(
    ("rows", "said", "months"),
    [
        ([ROW.replace("2025", "2027")], "zijn 3 leveringen op dagen", "2026-01, 2026-02"),
        ([ROW.replace("01-01-2025", "01-02-2026")], "zijn 2 leveringen op dagen", "2026-01"),
        ([ROW + "01-02-2026"], "is 1 levering op dagen", "2026-02"),
        ([ROW + "31-01-2026", ROW.replace("01-01-2025", "01-02-2026")],
         "is 1 levering op dagen", "2026-01"),
    ],
)  # fmt: skip
def test_a_day_with_deliveries_keeps_its_product(
    engine: Engine, products_file: Callable[..., Path], rows: list[str], said: str, months: str
) -> None:
    """Else the next run would take back in silence what was posted."""
    other = ROW.replace("45A04", "45A05")
    with engine.connect() as connection:
        findings = refused(connection, products_file(other, *rows))
    hint = "houd de oude rij en voeg een rij toe vanaf de dag van de wijziging"
    assert findings == [f"rij 3: van product 45A04 {said} die de rijen niet meer dekken (in {months}); {hint}"]


@pytest.mark.usefixtures("delivered")
@pytest.mark.parametrize(
    "rows",
    [
        [ROW + "01-02-2026", ROW.replace("01-01-2025", "01-02-2026").replace("Ambulant", "Thuis")],
        [ROW.replace("01-01-2025", "05-01-2026") + "02-02-2026"],
    ],
    ids=["a new row from a day", "days without deliveries that count"],
)
def test_a_product_may_change_from_a_day_and_lose_other_days(
    engine: Engine, products_file: Callable[..., Path], rows: list[str]
) -> None:
    with engine.connect() as connection:
        assert import_products(connection, products_file(*rows), "tester").changed == ("45A04",)


@pytest.mark.parametrize("until", ["01-01-2025", "31-12-2024"])
def test_a_row_ends_after_it_begins(connection: Connection, products_file: Callable[..., Path], until: str) -> None:
    (finding,) = refused(connection, products_file(ROW + until))
    assert finding.startswith("rij 2: de einddatum ligt niet na de begindatum")


def test_a_row_on_the_last_day_of_the_calendar_is_a_finding(
    connection: Connection, products_file: Callable[..., Path]
) -> None:
    (finding,) = refused(connection, products_file(ROW.replace("01-01-2025", "31-12-9999")))
    assert "einddatum" in finding


def test_a_column_that_nothing_reads_is_told(connection: Connection, write: Callable[..., Path]) -> None:
    header = "wet;categorie;product;naam;eenheid;prijs per;afronding;lijn;schaal;taakveld;vanaf;tod"
    result = import_products(connection, write(header, ROW), "tester")
    assert [str(warning) for warning in result.warnings] == [
        'file.csv, kolom "tod": wordt niet gelezen; haal de kolom weg, of geef hem een naam uit docs/file_layouts.md'
    ]
    assert result.recording == 1


def test_task_fields_are_the_scheme_of_2025() -> None:
    assert len(TASK_FIELDS) == 26
    assert TASK_FIELDS["6.751"] == "Jeugdhulp ambulant lokaal"
    assert not any(code[-1].isalpha() for code in TASK_FIELDS)


def test_a_task_field_may_be_a_number_of_a_workbook() -> None:
    assert [_task_field(text) for text in ("6.751", "6,751", "6,7510")] == ["6.751"] * 3
    with pytest.raises(ValueError, match='"6,7" is geen taakveld'):
        _task_field("6,7")


def test_a_product_that_ends_on_a_last_day_is_told(connection: Connection, products_file: Callable[..., Path]) -> None:
    rows = [
        f"Jeugdwet;45;{code};Ambulant;minuut;uur;regel;tweede;lokaal;6.751;01-01-2025;{until}"
        for code, until in (("45A04", "31-12-2026"), ("45A05", "01-01-2027"), ("45A06", "30-12-2026"), ("45A07", ""))
    ]
    (warning,) = import_products(connection, products_file(*rows), "tester").warnings
    assert (warning.code, warning.message) == (
        "K06",
        '"tot" is de eerste dag die niet meer meetelt, en dat is hier 31-12-2026, bij 45A04',
    )

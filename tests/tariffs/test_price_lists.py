"""Price lists: whole versions, which one holds, and what a file may say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from itertools import pairwise, permutations
from pathlib import Path
from threading import Barrier

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine

from database.connection import transaction
from database.recordings import latest
from kernel.findings import Refusal
from tariffs.price_lists import (
    Delivered,
    Price,
    PriceChange,
    PriceImport,
    PriceUse,
    all_versions_known,
    describe_change,
    import_prices,
    price_version_known,
    prices_of,
)
from tariffs.products import import_products

PricesFile = Callable[..., Path]
V1 = (("45A04", "01-01-2025", "01-01-2026", "58,00"), ("45A04", "01-01-2026", "", "60,00"))
V2 = (
    ("45A04", "01-01-2025", "01-01-2026", "58,00"),
    ("45A04", "01-01-2026", "01-02-2026", "60,00"),
    ("45A04", "01-02-2026", "", "61,75"),
)


def known_prices(connection: Connection, cutoff: int, list_name: str = "standaard") -> list[Price]:
    version = price_version_known(connection, list_name, cutoff)
    return prices_of(connection, [version.id]) if version else []


def said(result: PriceImport) -> list[str]:
    return [str(warning) for warning in result.warnings]


def refused(connection: Connection, path: Path) -> list[str]:
    """The findings of a file that is refused; nothing of it was recorded."""
    before = latest(connection)
    with pytest.raises(Refusal) as refusal:
        import_prices(connection, path, "tester")
    assert latest(connection) == before
    return [str(finding) for finding in refusal.value.findings]


def test_a_version_holds_its_prices(with_products: Connection, prices_file: PricesFile) -> None:
    result = import_prices(with_products, prices_file(*V1), "tester")
    assert (result.list_name, result.version, result.recording, result.previous) == ("standaard", 1, 2, None)
    prices = known_prices(with_products, 2)
    assert [(p.product, p.valid_from, p.valid_until, p.price) for p in prices] == [
        ("45A04", date(2025, 1, 1), date(2026, 1, 1), Decimal("58.00")),
        ("45A04", date(2026, 1, 1), None, Decimal("60.00")),
    ]
    assert known_prices(with_products, 1) == []


def test_until_and_through_say_the_same(
    with_products: Connection, write: Callable[..., Path], prices_file: PricesFile
) -> None:
    import_prices(with_products, prices_file(*V1), "tester")
    through = write(
        "product,from,tot en met,price", "45A04,2025-01-01,2025-12-31,58.00", "45A04,2026-01-01,31-12-9999,60.0000"
    )
    assert import_prices(with_products, through, "tester").recording is None


def test_the_next_version_holds_from_its_recording(with_products: Connection, prices_file: PricesFile) -> None:
    import_prices(with_products, prices_file(*V1), "tester")
    result = import_prices(with_products, prices_file(*V2), "tester")
    assert (result.version, result.recording, result.previous) == (2, 3, 1)
    assert len(known_prices(with_products, 2)) == 2
    assert len(known_prices(with_products, 3)) == 3


def test_a_change_back_in_time_is_told(with_products: Connection, prices_file: PricesFile) -> None:
    import_prices(with_products, prices_file(*V1), "tester")
    result = import_prices(with_products, prices_file(*V2), "tester")
    assert [describe_change(change) for change in result.changes] == ["45A04 vanaf 01-02-2026: 60,00 wordt 61,75"]


def test_changes_name_prices_that_come_go_and_differ(with_products: Connection, prices_file: PricesFile) -> None:
    """Periods that are cut otherwise but cost the same are no change; adjacent changes alike are one."""
    import_prices(
        with_products,
        prices_file(
            ("45A04", "01-01-2025", "", "60,00"),
            ("44A09", "01-01-2025", "01-07-2025", "200,00"),
            ("44A09", "01-07-2025", "", "200,00"),
        ),
        "tester",
    )
    result = import_prices(
        with_products,
        prices_file(
            ("45A04", "01-01-2025", "01-03-2025", "60,00"),
            ("45A04", "01-03-2025", "01-06-2025", "61,50"),
            ("45A04", "01-06-2025", "01-09-2025", "61,50"),
            ("45A04", "01-09-2025", "", "60,00"),
            ("02A16", "01-01-2026", "", "58,40"),
        ),
        "tester",
    )
    assert [describe_change(change) for change in result.changes] == [
        "02A16 vanaf 01-01-2026: geen prijs wordt 58,40",
        "44A09 vanaf 01-01-2025: 200,00 wordt geen prijs",
        "45A04 vanaf 01-03-2025 tot 01-09-2025: 60,00 wordt 61,50",
    ]


def test_the_same_prices_again_are_known(with_products: Connection, prices_file: PricesFile) -> None:
    import_prices(with_products, prices_file(*V1), "tester")
    again = import_prices(with_products, prices_file(*reversed(V1)), "tester")
    assert (again.recording, again.version) == (None, 1)
    numbered = import_prices(with_products, prices_file(*V1), "tester", version=1)
    assert (numbered.recording, numbered.version) == (None, 1)
    assert latest(with_products) == 2


def test_prices_that_change_back_are_a_new_version(with_products: Connection, prices_file: PricesFile) -> None:
    for version in (V1, V2, V1):
        import_prices(with_products, prices_file(*version), "tester")
    assert [version.version for version in all_versions_known(with_products, latest(with_products))] == [1, 2, 3]
    assert len(known_prices(with_products, latest(with_products))) == 2


def test_a_version_never_changes(with_products: Connection, prices_file: PricesFile) -> None:
    import_prices(with_products, prices_file(*V1), "tester")
    with pytest.raises(Refusal, match="versie 1 van prijslijst standaard bestaat al met andere prijzen") as refusal:
        import_prices(with_products, prices_file(*V2), "tester", version=1)
    assert refusal.value.hint == "leg de gewijzigde prijzen vast als versie 2"
    assert latest(with_products) == 2


@pytest.mark.parametrize("version", [0, -1])
def test_versions_count_from_one(with_products: Connection, prices_file: PricesFile, version: int) -> None:
    with pytest.raises(Refusal, match="bestaat niet"):
        import_prices(with_products, prices_file(*V1), "tester", version=version)


@pytest.mark.parametrize("order", list(permutations([1, 2, 3])))
def test_the_order_of_recording_versions_changes_nothing(
    with_products: Connection, prices_file: PricesFile, order: Sequence[int]
) -> None:
    files = {n: (("45A04", "01-01-2025", "", f"{50 + n},00"),) for n in (1, 2, 3)}
    highest = 0
    for number in order:
        result = import_prices(with_products, prices_file(*files[number]), "tester", version=number)
        late = (
            [f"prices.csv: versie {highest} blijft gelden, want die heeft een hoger nummer"] if number < highest else []
        )
        assert [text.split(";")[0] for text in said(result)] == late
        highest = max(highest, number)
        held = price_version_known(with_products, "standaard", latest(with_products))
        assert held is not None
        assert held.version == highest
    (price,) = known_prices(with_products, latest(with_products))
    assert price.price == Decimal("53.00")


def test_what_changed_is_told_against_the_version_number_before(
    with_products: Connection, prices_file: PricesFile
) -> None:
    for number, price in ((1, "50,00"), (3, "53,00"), (2, "52,00")):
        result = import_prices(with_products, prices_file(("45A04", "01-01-2025", "", price)), "tester", version=number)
    assert result.previous == 1
    assert [describe_change(change) for change in result.changes] == ["45A04 vanaf 01-01-2025: 50,00 wordt 52,00"]


def test_lists_are_apart(with_products: Connection, prices_file: PricesFile) -> None:
    import_prices(with_products, prices_file(*V1), "tester")
    other = import_prices(
        with_products, prices_file(("45A04", "01-01-2025", "", "70,00")), "tester", "crisis", new=True
    )
    assert (other.version, other.changes) == (1, ())
    assert [p.price for p in known_prices(with_products, 3, "crisis")] == [Decimal("70.00")]
    assert [p.price for p in known_prices(with_products, 3)] == [Decimal("58.00"), Decimal("60.00")]
    assert price_version_known(with_products, "onbekend", 3) is None


def test_every_overlapping_pair_is_told_with_both_rows(with_products: Connection, prices_file: PricesFile) -> None:
    findings = refused(
        with_products,
        prices_file(
            ("45A04", "01-01-2026", "", "60,00"),
            ("44A09", "01-01-2026", "", "212,35"),
            ("45A04", "01-01-2025", "02-01-2026", "58,00"),
            ("45A04", "31-12-2026", "01-01-2027", "61,00"),
            ("45A04", "01-01-2024", "01-01-2025", "57,00"),
        ),
    )
    assert [finding.split(";")[0] for finding in findings] == [
        "rij 4: product 45A04 heeft op dezelfde dagen ook een prijs in rij 2",
        "rij 5: product 45A04 heeft op dezelfde dagen ook een prijs in rij 2",
    ]


def test_a_gap_is_told(with_products: Connection, prices_file: PricesFile) -> None:
    result = import_prices(
        with_products,
        prices_file(("45A04", "01-01-2025", "31-12-2025", "58,00"), ("45A04", "01-01-2026", "", "60,00")),
        "tester",
    )
    assert said(result) == [
        "prices.csv, rij 3: product 45A04 heeft geen prijs van 31-12-2025 tot 01-01-2026; "
        "vul een prijs in als er in die tijd geleverd is"
    ]
    assert result.recording is not None


def test_a_price_change_inside_a_month_of_hours_per_month_is_told(
    with_products: Connection, prices_file: PricesFile
) -> None:
    def warnings(product: str, day: str, price: str) -> list[str]:
        rows = ((product, "01-01-2025", day, "58,40"), (product, day, "", price))
        return said(import_prices(with_products, prices_file(*rows), "tester"))

    (warning,) = warnings("02A16", "15-03-2026", "60,00")
    assert warning.startswith("prices.csv, rij 3: de prijs van 02A16 wijzigt midden in een maand, op 15-03-2026")
    assert warnings("02A16", "01-03-2026", "60,00") == []
    assert warnings("02A16", "15-03-2026", "58,40") == []
    assert warnings("45A04", "15-03-2026", "60,00") == []


def test_every_wrong_cell_is_told_at_once(with_products: Connection, prices_file: PricesFile) -> None:
    wrong = [
        (("45A04", "01-01-2026", "", "-1,00"), 'rij 2, kolom "prijs": "-1,00" is negatief'),
        (("45A04", "01-01-2026", "", "1,00001"), 'rij 3, kolom "prijs": "1,00001" heeft meer dan vier decimalen'),
        (
            ("45A04", "01-01-2026", "", "1000000,01"),
            'rij 4, kolom "prijs": "1000000,01" is hoger dan de hoogste prijs, 1.000.000 euro; controleer de komma',
        ),
        (("45A04", "01-01-2026", "", "1.234"), 'rij 5, kolom "prijs": "1.234" kan twee dingen betekenen'),
        (("45A04", "01-01-2026", "", "1e3"), 'rij 6, kolom "prijs": "1e3" is geen getal'),
        (("45A04", "01-01-2026", "", ""), 'rij 7, kolom "prijs": leeg'),
        (("45A04", "30-02-2026", "", "1,00"), 'rij 8, kolom "vanaf": 30-02-2026 bestaat niet'),
        (("", "01-01-2026", "", "1,00"), 'rij 9, kolom "product": leeg'),
    ]
    findings = refused(with_products, prices_file(*(row for row, _ in wrong)))
    assert len(findings) == len(wrong)
    for finding, (_, said) in zip(findings, wrong, strict=True):
        assert finding.startswith(said)


def test_a_price_with_three_decimals_is_written_with_four(with_products: Connection, prices_file: PricesFile) -> None:
    (finding,) = refused(with_products, prices_file(("45A04", "01-01-2026", "", "41,275")))
    assert '"41,275" kan twee dingen betekenen; schrijf ' in finding
    assert "41,2750" in finding


def test_a_price_may_have_the_euro_sign_in_front(with_products: Connection, prices_file: PricesFile) -> None:
    import_prices(with_products, prices_file(("45A04", "01-01-2026", "", "€ 87,60")), "tester")
    assert [price.price for price in known_prices(with_products, 2)] == [Decimal("87.60")]


def test_an_unknown_product_is_refused(with_products: Connection, prices_file: PricesFile) -> None:
    """Together with what cannot be read, and with what is wrong between other rows."""
    wrong = (("99X99", "01-01-2026", "", "1,00"), *V1, V1[1], ("45A04", "01-01-2024", "01-01-2025", "gratis"))
    findings = refused(with_products, prices_file(*wrong))
    assert [finding.split(";")[0] for finding in findings[:2]] == [
        'rij 6, kolom "prijs": "gratis" is geen getal',
        "rij 5: product 45A04 heeft op dezelfde dagen ook een prijs in rij 4",
    ]
    assert findings[2:] == [
        'rij 2: product 99X99 is onbekend; lees het product eerst in met "bekostiging tariff products"'
    ]


@pytest.mark.parametrize("until", ["01-01-2026", "31-12-2025"])
def test_a_price_ends_after_it_begins(with_products: Connection, prices_file: PricesFile, until: str) -> None:
    (finding,) = refused(with_products, prices_file(("45A04", "01-01-2026", until, "1,00")))
    assert finding.startswith("rij 2: de einddatum ligt niet na de begindatum")


def test_both_ends_in_one_row_are_refused(with_products: Connection, write: Callable[..., Path]) -> None:
    path = write("product;vanaf;tot;tot en met;prijs", "45A04;01-01-2026;01-02-2026;31-01-2026;60,00")
    (finding,) = refused(with_products, path)
    assert finding.startswith("rij 2: twee einddatums")


@pytest.mark.parametrize(
    ("text", "stored"), [("0", "0.00"), ("1,0825", "1.0825"), ("41,2750", "41.2750"), ("1000000", "1000000.00")]
)
def test_prices_are_kept_exactly(with_products: Connection, prices_file: PricesFile, text: str, stored: str) -> None:
    import_prices(with_products, prices_file(("45A04", "01-01-2026", "", text)), "tester")
    (price,) = known_prices(with_products, 2)
    assert str(price.price) == stored


def test_the_same_file_at_the_same_time_is_recorded_once(
    engine: Engine, products_file: PricesFile, prices_file: PricesFile
) -> None:
    with transaction(engine) as connection:
        import_products(connection, products_file(), "tester")
    path, start = prices_file(*V1), Barrier(4)

    def import_at_once(_: int) -> int | None:
        start.wait()
        with transaction(engine) as connection:
            return import_prices(connection, path, "tester").recording

    with ThreadPoolExecutor(4) as pool:
        recordings = list(pool.map(import_at_once, range(4)))
    assert sorted(recordings, key=str) == [2, None, None, None]


@given(days=st.lists(st.integers(0, 400), min_size=2, max_size=6, unique=True), data=st.data())
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_changes_applied_to_the_old_version_give_the_new(
    engine: Engine, tmp_path: Path, days: list[int], data: st.DataObject
) -> None:
    """On every day the new version costs what the changes say, and else what the old version says."""
    start = date(2025, 1, 1).toordinal()

    def rows(name: str) -> list[str]:
        edges = sorted(data.draw(st.lists(st.sampled_from(days), min_size=2, unique=True), label=name))
        lines = ["product,from,until,price"]
        for begin, end in pairwise(edges):
            amount = data.draw(st.sampled_from(["60.00", "61.00"]), label="price")
            lines.append(f"45A04,{date.fromordinal(start + begin)},{date.fromordinal(start + end)},{amount}")
        return lines

    products = tmp_path / "products.csv"
    products.write_text(
        "law,category,code,name,unit,price per,rounding,care line,scope,task field,from\n"
        "Jeugdwet,45,45A04,Ambulant,minute,hour,row,second,local,6.751,2025-01-01\n"
    )
    old_file, new_file = tmp_path / "old.csv", tmp_path / "new.csv"
    old_file.write_text("\n".join(rows("old")))
    new_file.write_text("\n".join(rows("new")))
    with engine.connect() as connection, connection.begin() as work:
        import_products(connection, products, "tester")
        import_prices(connection, old_file, "tester", version=1)
        result = import_prices(connection, new_file, "tester", version=2)
        versions = all_versions_known(connection, latest(connection))
        old, new = (prices_of(connection, [version.id]) for version in versions)
        work.rollback()

    def on(prices: Sequence[Price], day: date) -> Decimal | None:
        return next((p.price for p in prices if day in p.period), None)

    for number in range(start - 1, start + 402):
        day = date.fromordinal(number)
        change = [c for c in result.changes if c.valid_from <= day and (c.valid_until is None or day < c.valid_until)]
        assert len(change) <= 1
        assert on(new, day) == (change[0].new if change else on(old, day))
        assert on(old, day) == (change[0].old if change else on(new, day))


def test_another_list_is_new_only_when_it_is_said_to_be(with_products: Connection, prices_file: PricesFile) -> None:
    path = prices_file(("45A04", "01-01-2026", "", "60,00"))
    assert not import_prices(with_products, path, "tester", "jeugd").is_new_list  # the first of all
    assert import_prices(with_products, path, "tester", "crisis", new=True).is_new_list
    before = latest(with_products)
    for name, first, hint in (
        ("jeugdd", "jeugd", "bedoelt u --list jeugd? is het een nieuwe lijst, geef dan --new"),
        ("standaard", "", "noem de lijst met --list; is het een nieuwe lijst, geef dan --new"),
    ):
        with pytest.raises(Refusal) as refusal:
            import_prices(with_products, path, "tester", name)
        assert refusal.value.message.startswith(f"prijslijst {name} bestaat niet; er zijn: {first}")
        assert sorted(refusal.value.message.partition("er zijn: ")[2].split(", ")) == ["crisis", "jeugd"]
        assert refusal.value.hint == hint
    assert latest(with_products) == before
    assert not import_prices(with_products, path, "tester", "crisis", new=True).is_new_list


def unlikely(result: PriceImport) -> list[str]:
    return [warning.message for warning in result.warnings if warning.code == "T10"]


def test_a_price_that_lost_its_comma_is_told(with_products: Connection, prices_file: PricesFile) -> None:
    def version(*rows: tuple[str, str, str, str], factor: str = "3") -> list[str]:
        return unlikely(import_prices(with_products, prices_file(*rows), "tester", factor=Decimal(factor)))

    first, other = ("45A04", "01-01-2026", "", "60,00"), ("44A09", "01-01-2026", "", "212,35")
    assert version(first, other) == []
    assert version(("45A04", "01-01-2026", "", "6000"), other) == [
        "meer dan 3 keer zo hoog of zo laag: 45A04 vanaf 01-01-2026: 60,00 wordt 6.000,00"
    ]
    assert version(first, ("44A09", "01-01-2026", "", "2,12")) == [
        "meer dan 3 keer zo hoog of zo laag: 44A09 vanaf 01-01-2026: 212,35 wordt 2,12; "
        "45A04 vanaf 01-01-2026: 6.000,00 wordt 60,00"
    ]
    assert version(first, other) == ["meer dan 3 keer zo hoog of zo laag: 44A09 vanaf 01-01-2026: 2,12 wordt 212,35"]
    three = ("45A04", "01-01-2026", "", "180,00")
    assert version(three, other) == []  # three times is not more than three times
    assert version(first, other, factor="2,9".replace(",", ".")) == [
        "meer dan 2,9 keer zo hoog of zo laag: 45A04 vanaf 01-01-2026: 180,00 wordt 60,00"
    ]
    ended, next_year = ("45A04", "01-01-2026", "01-01-2027", "60,00"), ("45A04", "01-01-2027", "", "6180")
    told = "meer dan 3 keer zo hoog of zo laag: 45A04 vanaf 01-01-2027: 60,00 wordt 6.180,00"
    assert version(ended, next_year, other) == [told]
    assert version(ended, next_year, ("44A09", "01-01-2026", "", "213,00")) == []  # told when it came


def test_a_new_list_is_compared_with_its_own_periods(with_products: Connection, prices_file: PricesFile) -> None:
    rows = (("45A04", "01-01-2025", "01-01-2026", "58,00"), ("45A04", "01-01-2026", "", "0,00"))
    assert unlikely(import_prices(with_products, prices_file(*rows), "tester")) == [
        "meer dan 3 keer zo hoog of zo laag: 45A04 vanaf 01-01-2026: 58,00 wordt 0,00"
    ]


def used(lists: Sequence[str] = (), gone: Sequence[Delivered] = (), asked: list[str] | None = None) -> PriceUse:
    """Contracts that read lists, and deliveries on the days of what is gone."""

    def delivered(_: Connection, name: str, changes: Sequence[PriceChange]) -> Sequence[Delivered]:
        (asked if asked is not None else []).extend(f"{name}: {describe_change(change)}" for change in changes)
        return gone if changes else ()

    return PriceUse(lambda _: frozenset(lists), delivered)


def test_a_version_without_prices_of_what_was_delivered_is_refused(
    with_products: Connection, prices_file: PricesFile
) -> None:
    first, other = ("45A04", "01-01-2026", "", "60,00"), ("44A09", "01-01-2026", "", "212,35")
    import_prices(with_products, prices_file(first, other), "tester")
    asked: list[str] = []
    gone = used(gone=[Delivered("44A09", 3, date(2026, 1, 5), date(2026, 2, 6))], asked=asked)
    with pytest.raises(Refusal, match=r"prices\.csv laat prijzen weg van wat geleverd is") as refusal:
        import_prices(with_products, prices_file(first), "tester", use=gone)
    assert "--replace" in refusal.value.hint
    assert [str(finding) for finding in refusal.value.findings] == [
        "prices.csv, product 44A09: geen prijs meer voor 3 leveringen van 05-01-2026 tot en met 06-02-2026; "
        "neem de prijs van die dagen op"
    ]
    assert asked == ["standaard: 44A09 vanaf 01-01-2026: 212,35 wordt geen prijs"]
    assert import_prices(with_products, prices_file(first), "tester", use=gone, replace=True).version == 2
    # An older number changes nothing that holds, and what changes is not gone.
    assert import_prices(with_products, prices_file(("44A09", "01-01-2026", "", "1,00")), "tester", version=4,
                         use=used()).version == 4  # fmt: skip
    assert import_prices(with_products, prices_file(other), "tester", version=3, use=gone).version == 3


def test_a_list_that_no_contract_reads_is_told(with_products: Connection, prices_file: PricesFile) -> None:
    path = prices_file(("45A04", "01-01-2026", "", "60,00"))
    told = said(import_prices(with_products, path, "tester", use=used(["jeugd", "crisis"])))
    assert told == [
        "prices.csv: geen contract leest prijslijst standaard; contracten lezen crisis, jeugd; is het de goede lijst? "
        "geef anders --list, of noem haar als price_list in een contract"
    ]
    assert said(import_prices(with_products, path, "tester", use=used(["standaard", "crisis"]))) == []
    assert said(import_prices(with_products, path, "tester", use=used())) == []  # prices may come before contracts


def test_a_first_day_after_that_is_a_last_day_is_told_once(with_products: Connection, prices_file: PricesFile) -> None:
    rows = [(product, "01-01-2026", "31-12-2026", "60,00") for product in ("45A04", "44A09")]
    told = said(import_prices(with_products, prices_file(*rows, ("02A16", "01-01-2026", "01-01-2027", "5,00")), "x"))
    assert told == [
        'prices.csv: "tot" is de eerste dag die niet meer meetelt, en dat is hier 31-12-2026, bij 44A09, 45A04; '
        "schrijf de eerste van de maand erna als de laatste dag van de maand nog meetelt"
    ]


@pytest.mark.parametrize("end", ["31-12-9999", "30-12-9999"])
def test_the_end_of_the_calendar_is_no_end(with_products: Connection, prices_file: PricesFile, end: str) -> None:
    assert said(import_prices(with_products, prices_file(("45A04", "01-01-2026", end, "60,00")), "tester")) == []

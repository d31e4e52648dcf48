"""The generated delivery files: the same every time, large enough, and wrong exactly where they are said to be."""

import csv
import hashlib
import importlib.util
import io
import sys
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

from kernel.identifiers import is_bsn

RIJNMOND = Path(__file__).parents[2] / "examples" / "rijnmond"
HEADERS = {
    "Referentie": "reference", "Gemeente": "municipality", "Aanbieder": "provider", "BSN": "client",
    "Toewijzing": "assignment", "Product": "product", "Begindatum": "start", "Einddatum": "end", "Aantal": "quantity",
    "Eenheid": "unit", "DC": "debit_credit", "Vorige referentie": "previous", "Bedrag": "claimed amount",
}  # fmt: skip


@dataclass(frozen=True)
class Delivered:
    """A row as it stands in a file, with its columns under their English names."""

    month: str
    file: str
    cells: dict[str, str]

    def __getitem__(self, name: str) -> str:
        return self.cells.get(name, "")

    @property
    def place(self) -> tuple[str, str]:
        return self.file, self["reference"]

    @property
    def is_credit(self) -> bool:
        return self["debit_credit"] == "C"

    @property
    def start(self) -> date:
        return _date(self["start"])


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("rijnmond_generate", RIJNMOND / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def folder(generator: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files as they are made by default."""
    out = tmp_path_factory.mktemp("leveringen")
    generator.generate(out, 120_000, 2026)
    return out


@pytest.fixture(scope="module")
def rows(folder: Path) -> list[Delivered]:
    return [row for path in sorted(folder.glob("*/*.csv")) for row in _read(path)]


@pytest.fixture(scope="module")
def listed(folder: Path) -> dict[str, list[tuple[str, str]]]:
    """By kind, the file and the reference of every row that was put in on purpose."""
    by_kind: dict[str, list[tuple[str, str]]] = defaultdict(list)
    with (folder / "anomalies.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            by_kind[row["kind"]].append((row["file"], row["reference"]))
    return by_kind


def test_the_same_seed_gives_the_same_bytes(generator: ModuleType, tmp_path: Path) -> None:
    for name, seed in (("first", 7), ("second", 7), ("other", 8)):
        generator.generate(tmp_path / name, 1_500, seed)
    assert _hash_of(tmp_path / "first") == _hash_of(tmp_path / "second")
    assert _hash_of(tmp_path / "first") != _hash_of(tmp_path / "other")


def test_the_bytes_are_the_same_on_every_platform(generator: ModuleType, tmp_path: Path) -> None:
    """Made once and kept: another system, or another version of Python, must come to the same files."""
    generator.generate(tmp_path, 1_500, 7)
    assert _hash_of(tmp_path) == "fa0488ac17997c580c529e41d23db51ff35fa100690c8ebe6ec3530a17265b97"


def test_there_are_at_least_as_many_rows_as_asked_for(rows: list[Delivered]) -> None:
    per_month = Counter(row.month for row in rows)
    assert len(rows) >= 120_000
    assert set(per_month) == {"2026-01", "2026-02", "2026-03"}
    assert min(per_month.values()) > 30_000


def test_few_rows_still_hold_every_kind_of_error(generator: ModuleType, tmp_path: Path) -> None:
    assert generator.generate(tmp_path, 100, 1) >= 100
    kinds = {line.rsplit(",", 1)[1] for line in (tmp_path / "anomalies.csv").read_text("utf-8").splitlines()}
    assert set(generator.ERRORS) <= kinds


def test_clients_are_test_numbers_only(rows: list[Delivered], listed: dict[str, list[tuple[str, str]]]) -> None:
    assert all(len(row["client"]) == 9 and row["client"].startswith("9999") for row in rows)
    invalid = [row.place for row in rows if not is_bsn(row["client"])]
    assert sorted(invalid) == sorted(listed["invalid_client_number"])


def test_nothing_else_looks_like_a_client_number(folder: Path, rows: list[Delivered]) -> None:
    for row in rows:
        digits = max(part for name in ("reference", "previous", "assignment") for part in _runs_of_digits(row[name]))
        assert digits < 8, row
    assert not any(is_bsn(word) for word in (folder / "anomalies.csv").read_text("utf-8").replace("\n", ",").split(","))


def test_rows_are_wrong_exactly_where_they_are_said_to_be(
    rows: list[Delivered], listed: dict[str, list[tuple[str, str]]]
) -> None:
    units = {row["product"]: row["eenheid"] for row in _table("products.csv")}
    municipalities = {row["code"] for row in _table("parties.csv")}
    begins = _first_days_in_force()
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    contents: dict[tuple[str, str], set[tuple[str, ...]]] = defaultdict(set)
    for row in rows:
        if row["product"] not in units:
            found["unknown_product"].append(row.place)
        elif row["unit"] != units[row["product"]]:
            found["wrong_unit"].append(row.place)
        if not _exists(row["start"]) or not _exists(row["end"]):
            found["impossible_date"].append(row.place)
        elif row.start < begins[row["provider"]]:
            found["before_contract"].append(row.place)
        if int(row["quantity"]) <= 0:
            found["negative_volume"].append(row.place)
        if _municipality(row) not in municipalities:
            found["unknown_municipality"].append(row.place)
        if row["reference"] == "":
            found["missing_reference"].append(row.place)
        else:
            contents[(row["provider"], row["reference"])].add(tuple(row.cells.values()))
    twofold = {key for key, values in contents.items() if len(values) > 1}
    found["contradictory_rows"] = [row.place for row in rows if (row["provider"], row["reference"]) in twofold]
    for kind, places in found.items():
        assert sorted(places) == sorted(listed[kind]), kind
        assert places, kind


def test_claimed_amounts_are_right_but_for_the_ones_said_to_differ(
    rows: list[Delivered], listed: dict[str, list[tuple[str, str]]]
) -> None:
    hourly = {
        row["product"] for row in _table("products.csv") if (row["eenheid"], row["prijs per"]) == ("minuut", "uur")
    }
    known_wrong = {place for kind in ("unknown_product", "contradictory_rows") for place in listed[kind]}
    differing = []
    for row in rows:
        if "claimed amount" in row.cells and row.place not in known_wrong:
            exact = _price(row["product"], row.start) * int(row["quantity"]) / (60 if row["product"] in hourly else 1)
            claimed = Decimal(row["claimed amount"].replace(",", "."))
            if abs(claimed - exact) > Decimal("0.005"):
                differing.append(row.place)
    assert sorted(differing) == sorted(listed["differing_amount"])


def test_a_credit_is_a_copy_of_its_debit(rows: list[Delivered]) -> None:
    debits = {(row["provider"], row["reference"]): row for row in rows if not row.is_credit}
    unlike = {"reference", "previous", "debit_credit"}
    credits = [row for row in rows if row.is_credit]
    alone = []
    for credit in credits:
        debit = debits.get((credit["provider"], credit["previous"]))
        if debit is None:
            alone.append(credit)
        else:
            assert {n: v for n, v in credit.cells.items() if n not in unlike} == {
                n: v for n, v in debit.cells.items() if n not in unlike
            }
    assert len(credits) > 1_000
    assert {row.month for row in alone} == {"2026-03"}


def test_some_credits_come_before_their_debit(rows: list[Delivered], listed: dict[str, list[tuple[str, str]]]) -> None:
    by_arrival = sorted((row for row in rows if not row.is_credit), key=lambda row: row.month, reverse=True)
    arrives = {(row["provider"], row["reference"]): row.month for row in by_arrival}
    early = [
        row.place for row in rows if row.is_credit and arrives.get((row["provider"], row["previous"]), "") > row.month
    ]
    expected = listed["credit_before_2026-02"] + listed["credit_before_2026-03"]
    assert sorted(early) == sorted(expected)
    assert early


def test_rows_sent_twice_are_letter_for_letter_the_same(
    rows: list[Delivered], listed: dict[str, list[tuple[str, str]]]
) -> None:
    sent = Counter((row["provider"], *row.cells.values()) for row in rows if row["reference"])
    again = sum(times - 1 for times in sent.values())
    assert again == len(listed["repeated"])
    assert again > 100


def test_late_rows_and_rows_of_last_year_come_along(
    rows: list[Delivered], listed: dict[str, list[tuple[str, str]]]
) -> None:
    wrong = {place for kind in ("before_contract", "impossible_date", "repeated") for place in listed[kind]}
    debits = [row for row in rows if not row.is_credit and row.place not in wrong]
    late = [row for row in debits if f"{row.start:%Y-%m}" < row.month and row.start.year == 2026]
    last_year = [row for row in debits if row.start.year == 2025]
    assert len(late) >= len(listed["late"]) > 2_000
    assert sorted(row.place for row in last_year) == sorted(listed["prior_year"])
    assert last_year


def test_files_come_in_the_shapes_that_providers_send(folder: Path) -> None:
    shapes = set()
    for path in folder.glob("2026-02/*.csv"):
        content = path.read_bytes()
        try:
            encoding = "utf-8 with mark" if content.startswith(b"\xef\xbb\xbf") else "utf-8"
            content.decode("utf-8")
        except UnicodeDecodeError:
            encoding = "cp1252"
        header = content.split(b"\n", 1)[0].decode("utf-8-sig")
        delimiter = max(";,\t", key=header.count)
        shapes.add((encoding, delimiter, "Referentie" in header, "\r" in header))
    assert {encoding for encoding, *_ in shapes} == {"utf-8", "utf-8 with mark", "cp1252"}
    assert {delimiter for _, delimiter, *_ in shapes} == {";", ",", "\t"}
    assert {dutch for *_, dutch, _ in shapes} == {True, False}
    assert {windows for *_, windows in shapes} == {True, False}


def _read(path: Path) -> Iterator[Delivered]:
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252")
    delimiter = max(";,\t", key=text.split("\n", 1)[0].count)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    names = [HEADERS.get(name, name) for name in next(lines)]
    for cells in lines:
        yield Delivered(path.parent.name, path.name, dict(zip(names, cells, strict=True)))


def _hash_of(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.csv")):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


@cache
def _table(name: str) -> list[dict[str, str]]:
    with (RIJNMOND / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter=";"))


def _first_days_in_force() -> dict[str, date]:
    documents = [tomllib.loads(path.read_text("utf-8")) for path in (RIJNMOND / "contracts").glob("*.toml")]
    return {document["provider"]: document["in_force"]["from"] for document in documents}


def _price(product: str, day: date) -> Decimal:
    for row in _table("prices_v1.csv"):
        until = _date(row["tot"]) if row["tot"] else date.max
        if row["product"] == product and _date(row["vanaf"]) <= day < until:
            return Decimal(row["prijs"].replace(",", "."))
    raise AssertionError(f"no price of {product} on {day}")


def _municipality(row: Delivered) -> str:
    return row["municipality"] if row["municipality"].startswith("GM") else f"GM{row['municipality']}"


def _date(text: str) -> date:
    parts = [int(part) for part in text.split("-")]
    return date(*parts) if parts[0] > 31 else date(*reversed(parts))


def _exists(text: str) -> bool:
    try:
        _date(text)
    except ValueError:
        return False
    return True


def _runs_of_digits(text: str) -> Iterator[int]:
    yield 0
    run = 0
    for character in text:
        run = run + 1 if character.isdigit() else 0
        yield run

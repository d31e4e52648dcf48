"""Population funding over runs: what comes in later corrects what was posted, and the papers say the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from openpyxl import load_workbook

from importers.facts.accountability import ACCOUNTABILITY
from importers.facts.importing import import_facts
from kernel.money import Eur, total
from kernel.periods import Month
from settlement.entitlement import Treatment
from settlement.explain import read_explained
from settlement.reading import Run
from settlement.statements.export import export_statements
from settlement.status import read_status
from tariffs.index_figures import import_index_figures
from tests.settlement.books import TEAM, WHO, Books, delivery, said, to_date
from tests.settlement.funding.documents import document

TEAM_BUDGET = """key = "wijkteam"
kind = "population"
task_field = "6.23"
municipality = "GM0502"
amount_per_inhabitant_eur = "120.05"
count_date = 2025-01-01
catchment_percent = "62.5"
instalments = "quarterly"
withheld = { percent = "7.5", until = "auditor_statement" }
reopenings = [{ from = "2025-08", amount_eur = "50000.01", decision = "besluit 12" }]
covers = ["45A04"]
carve_outs = ["44A09"]
out_of_area = ["45A04"]
unspent = { rule = "RULE" }
"""
INDEXED = """key = "inloop"
kind = "population"
task_field = "6.23"
budget_eur = "100000.01"
instalments = "quarterly"

[component.indexation]
weights = { ova = "0.90", ppc = "0.10" }
method = "METHOD"
first_year = 2026
index_decimals = 2
"""


def take_figures(books: Books, *rows: str) -> None:
    with books.transaction() as connection:
        import_index_figures(connection, books.table("naam;jaar;status;percentage", rows), WHO)


def take_accountability(books: Books) -> None:
    rows = ["A;2025;controleverklaring;2026-03-01;akkoord"]
    with books.transaction() as connection:
        path = books.table("contract;jaar;soort;ontvangen;oordeel", rows)
        import_facts(connection, ACCOUNTABILITY, path, path.parent / "config", WHO)


def on_paper(books: Books, run: Run, folder: Path) -> dict[str, list[Any]]:
    """The cells of every sheet of the one statement of a run. Making it checks that the formulas come to the run."""
    with books.transaction() as connection:
        export_statements(connection, run.id, folder)
    [statement] = folder.rglob("*.xlsx")
    sheets = load_workbook(statement)
    return {
        name: [cell for row in sheets[name].iter_rows(values_only=True) for cell in row] for name in sheets.sheetnames
    }


def test_a_year_of_population_funding_with_all_that_goes_with_it(books: Books, tmp_path: Path) -> None:
    books.open(
        document(
            TEAM_BUDGET.replace("RULE", "return"),
            start="2025-01-01",
            until="2026-01-01",
            municipalities='"GM0502", "GM0597"',
        )
    )
    books.prices("45A04;2025-01-01;;60,00", "44A09;2025-01-01;;212,35")
    books.count(10007, day="2025-01-01")
    books.deliver(
        delivery("r1", "45A04", "2025-02-02", 6000, provider=TEAM),
        delivery("r2", "45A04", "2025-02-03", 95, provider=TEAM, municipality="GM0597"),
        delivery("r3", "44A09", "2025-02-04", 1, provider=TEAM),
    )
    runs = [books.month(period) for period in ("2025-02", "2025-08")]
    # 10,007 x 120.05 = 1,201,340.35, of which 62.5% is 750,837.72, less 7.5% 694,524.89: 173,631.2225 a quarter.
    assert said(runs[0], "A") == {
        ("2025-01", "instalment"): "173631.22",
        ("2025-02", "45A04"): "95.00",  # of GM0597; the 6,000.00 of GM0502 is shadow
        ("2025-02", "44A09"): "212.35",
    }
    assert said(runs[1], "A") == {
        ("2025-04", "instalment"): "173631.22",
        ("2025-07", "instalment"): "173631.22",
        ("2025-08", "reopening 2025-08"): "20000.00",  # 50,000.01 x 2 / 5
    }
    books.deliver(delivery("r4", "45A04", "2025-11-02", 700000, provider=TEAM))
    runs.append(books.month("2025-12"))
    # 750,837.72 + 50,000.01 - 6,000.00 - 700,000.00
    assert said(runs[2], "A") == {
        ("2025-10", "instalment"): "173631.23",
        ("2025-10", "reopening 2025-08"): "30000.01",
        ("2025-12", "unspent"): "-94837.73",
    }
    paper = on_paper(books, runs[2], tmp_path / "december")
    assert "750.837,72 − 7,5 %, ingehouden tot de verantwoording over het jaar er is" in paper["Populatie"]
    assert "niet besteed in 2025: budget 800.837,73 − waarde van de leveringen 706.000,00, nooit onder nul" in [
        str(cell).strip() for cell in paper["Berekening"]
    ]
    take_accountability(books)
    books.deliver(delivery("r5", "45A04", "2025-12-30", 1000, provider=TEAM))
    runs.append(books.month("2026-03"))
    assert said(runs[3], "A") == {("2025-12", "withheld"): "56312.83", ("2025-12", "unspent"): "1000.00"}
    assert on_paper(books, runs[3], tmp_path / "march")["Berekening"]
    payable = {key[4]: amount for key, amount in to_date(runs).items() if key[5] == Treatment.PAYABLE}
    paid = total(amount for key, amount in to_date(runs).items() if key[5] == Treatment.PAYABLE)
    # the budget and its reopening, less what is left of it, and what stands outside it
    assert paid == Eur("750837.72") + Eur("50000.01") - Eur("93837.73") + Eur("95.00") + Eur("212.35")
    assert str(payable["unspent"]) == "-93837.73"
    with books.transaction() as connection:
        explained = read_explained(connection, runs[0].id, 1)
        spendings = read_status(connection, Month(2025, 12)).spendings
    assert explained.line.key.label == "instalment"
    assert any("telling GM0502" in source.what for source in explained.sources)
    team, outside = (one for one in spendings if one.component == "wijkteam")
    assert (team.budget, team.posted) == (Eur("800837.73"), Eur("800837.73") - Eur("93837.73"))
    assert (outside.budget, outside.posted, outside.outside_budget) == (None, Eur("95.00") + Eur("212.35"), True)


def test_what_is_earmarked_is_shown_and_not_paid(books: Books, tmp_path: Path) -> None:
    books.open(
        document(
            TEAM_BUDGET.replace("RULE", "earmark"),
            start="2025-01-01",
            until="2026-01-01",
            municipalities='"GM0502", "GM0597"',
        )
    )
    books.prices("45A04;2025-01-01;;60,00", "44A09;2025-01-01;;212,35")
    books.count(10007, day="2025-01-01")
    early = books.settle("2025-12")
    assert [finding.code for finding in early.contracts[0].findings] == ["F31"]
    books.discard(early)
    books.deliver(delivery("r1", "45A04", "2025-11-02", 706000, provider=TEAM))
    run = books.month("2025-12")
    shadow = {key[4]: str(amount) for key, amount in to_date([run]).items() if key[5] == Treatment.SHADOW}
    assert shadow == {"45A04": "706000.00", "earmarked": "94837.73"}
    paper = on_paper(books, run, tmp_path)
    assert any("bestemd" in str(cell) for cell in paper["Schaduw"])
    assert "blijft bij de aanbieder voor het afgesproken doel" in [str(cell).strip() for cell in paper["Berekening"]]


def test_a_year_of_nothing_is_told_from_a_year_of_silence_by_the_production_statement(books: Books) -> None:
    text = TEAM_BUDGET.replace("RULE", "return").replace(
        'withheld = { percent = "7.5", until = "auditor_statement" }', ""
    )
    books.open(document(text, start="2025-01-01", until="2026-01-01", municipalities='"GM0502", "GM0597"'))
    books.count(10007, day="2025-01-01")
    silent = books.settle("2025-12")
    assert [finding.code for finding in silent.contracts[0].findings] == ["F31"]
    assert "unspent" not in {label for _, label in said(silent, "A")}
    books.discard(silent)
    for amount, verdict, paid_back in (("95,00", "", None), ("0,00", "afgekeurd", None), ("0,00", "", "-800837.73")):
        with books.transaction() as connection:
            row = f"A;2025;productieverantwoording;2026-02-27;{verdict};{amount}"
            path = books.table("contract;jaar;soort;ontvangen;oordeel;bedrag", [row])
            import_facts(connection, ACCOUNTABILITY, path, path.parent / "config", WHO)
        run = books.settle("2025-12")
        assert [finding.code for finding in run.contracts[0].findings] == ([] if paid_back else ["F31"])
        assert said(run, "A").get(("2025-12", "unspent")) == paid_back
        books.discard(run)


def test_deliveries_out_of_the_area_are_priced_by_the_list_of_the_region(books: Books, tmp_path: Path) -> None:
    text = (
        'key = "wijkteam"\nkind = "population"\ntask_field = "6.23"\nmunicipality = "GM0502"\nbudget_eur = "12000.00"\n'
        'carve_outs = ["45A04"]\nout_of_area = ["45A04"]\nout_of_area_price_list = "regionaal"\n'
    )
    books.open(document(text, start="2025-01-01", until="2026-01-01", municipalities='"GM0502", "GM0597"'))
    books.prices("45A04;2025-01-01;;60,00")
    books.deliver(
        delivery("r1", "45A04", "2025-02-02", 90, provider=TEAM),
        delivery("r2", "45A04", "2025-02-03", 60, provider=TEAM, municipality="GM0597"),
    )
    [parked] = books.settle("2025-02").contracts
    assert [finding.code for finding in parked.findings] == ["P01"]
    assert 'prijslijst "regionaal" heeft geen prijs voor 1 levering' in parked.findings[0].message
    books.prices("45A04;2025-01-01;;64,21", price_list="regionaal")
    first = books.month("2025-02")
    care = {key[2]: str(amount) for key, amount in to_date([first]).items() if key[4] == "45A04"}
    assert care == {"GM0502": "90.00", "GM0597": "64.21"}
    assert on_paper(books, first, tmp_path)
    books.prices("45A04;2025-01-01;;65,01", price_list="regionaal", version=2)
    later = books.month("2025-03").contracts[0].lines
    [line] = [one.line for one in later if one.line.key.label == "45A04"]
    assert (line.key.municipality, str(line.amount)) == ("GM0597", "0.80")
    assert [cause.kind for cause in line.causes] == ["price"]


FIGURES_2026 = (
    "ova;2025;voorlopig;4,94",
    "ppc;2025;voorlopig;2,51",
    "ova;2026;voorlopig;4,18",
    "ppc;2026;voorlopig;1,82",
)
FINAL_2025 = ("ova;2025;definitief;6,00", "ppc;2025;definitief;3,10")


def test_figures_that_come_in_later(books: Books, tmp_path: Path) -> None:
    books.open(document(INDEXED.replace("METHOD", "difference")))
    take_figures(books, *FIGURES_2026)
    [parked] = books.settle("2026-01").contracts
    assert (parked.parked, [finding.code for finding in parked.findings]) == (True, ["F30"])
    take_figures(books, *FINAL_2025)
    first = books.month("2026-01")
    assert said(first, "A") == {("2026-01", "instalment"): "26240.00"}  # 100,000.01 + 4.96% = 104,960.01, a quarter
    assert "correctie over 2025: definitief − voorlopig, in procenten" in on_paper(books, first, tmp_path)["Populatie"]
    with books.transaction() as connection:
        sources = {source.what: source.recording for source in read_explained(connection, first.id, 1).sources}
    assert sources["indexcijfer ova 2025, definitief: 6,00 %"] == sources["indexcijfer ppc 2025, definitief: 3,10 %"]
    assert sources["indexcijfer ova 2026, voorlopig: 4,18 %"] == sources["indexcijfer ova 2025, definitief: 6,00 %"] - 1
    take_figures(books, "ova;2026;definitief;9,00", "ppc;2026;definitief;9,00")
    assert said(books.month("2026-04"), "A") == {("2026-04", "instalment"): "26240.00"}  # the year stays


def test_a_final_figure_that_counts_in_its_own_year_corrects_what_was_posted(books: Books, tmp_path: Path) -> None:
    books.open(document(INDEXED.replace("METHOD", "final")))
    take_figures(books, *FIGURES_2026)
    first = books.month("2026-01")
    assert said(first, "A") == {("2026-01", "instalment"): "25985.00"}  # 3.944, rounded 3.94: 103,940.01
    take_figures(books, "ova;2026;definitief;5,00")
    later = books.month("2026-04")
    # 0.90 x 5.00 + 0.10 x 1.82 = 4.682: 104,680.01, a quarter 26,170.00
    assert said(later, "A") == {("2026-01", "instalment"): "185.00", ("2026-04", "instalment"): "26170.00"}
    assert any("index 3,94 % → 4,68 %" in str(cell) for cell in on_paper(books, later, tmp_path)["Correcties"])

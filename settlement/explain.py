"""Why a run says what it says: any line down to clause, versions, batches and rows, laid out for a terminal.

What was stored is read back; the amounts of rows are made again (`settlement.pricing.rows`) and must add up to the
line. Rows that were recorded since the previous settlement come first, since they make a correction. A client is never
shown: rows that are rounded together form a numbered group.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text
from sqlalchemy import Connection, select

from contracts.components.population import PopulationComponent
from contracts.model import Component
from database.recordings import recordings
from database.terminal import WIDTH, fit, under_headings
from importers.places import row_numbers
from importers.population_counts import Count, counts_known
from kernel.explanations import Step
from kernel.findings import Refusal
from kernel.money import total
from kernel.notation import format_date, format_eur, format_month, format_number
from kernel.periods import Period
from settlement.entitlement import INSTALMENT, Line, Timing, Treatment
from settlement.funding import population
from settlement.funding.facts import Facts
from settlement.invariants import BrokenInvariant
from settlement.languages.dutch import DUTCH
from settlement.phrases import cause_sentence, counted, explanation_lines, hours_sentence
from settlement.pricing.rows import DeliveryRow, PricingGroup, amount_of, pricing_groups
from settlement.reading import NumberedLine, Run, SettledContract, read_run
from settlement.references import what_became_of
from settlement.runs import STATE_NAMES
from settlement.terms import Terms, read_terms
from settlement.year_budget import ReadCounts
from tariffs.index_figures import recorded_figures
from tariffs.tables import price_lists, price_versions
from tariffs.task_fields import TASK_FIELDS
from tariffs.units import UNIT_NAMES, Rounding, hours_of

TIMING_NAMES = {Timing.CURRENT: "deze maand", Timing.CORRECTION: "correctie", Timing.PRIOR_YEAR: "eerder jaar"}
TREATMENT_NAMES = {
    Treatment.PAYABLE: "te betalen",
    Treatment.SHADOW: "schaduw: telt en wordt getoond, het budget betaalt",
    Treatment.UNFUNDED: "niet gefinancierd: boven het maximum, wordt niet betaald",
    Treatment.PASSED_ON: "doorgegeven: deel van het bedrag voor een onderaannemer",
}
_SENTENCE, _RESULT = 60, 14  # characters of a step and of its result, which may be longer
_NOT_PAYABLE = {
    Treatment.SHADOW: ", schaduw", Treatment.UNFUNDED: ", niet betaald", Treatment.PASSED_ON: ", doorgegeven"
}  # fmt: skip
_STATUS_NAMES = {"provisional": "voorlopig", "final": "definitief"}


@dataclass(frozen=True, slots=True)
class Source:
    """Something the line was computed from, and the recording that brought it in."""

    recording: int
    what: str
    file_name: str
    recorded_on: date


@dataclass(frozen=True, slots=True)
class ExplainedLine:
    """A line of a run with all that it came from. `groups` are empty for an instalment."""

    run: Run
    contract: SettledContract
    number: int
    line: Line
    label_name: str
    clause: str
    sources: Sequence[Source]
    groups: Sequence[PricingGroup]
    batches: Mapping[int, str]
    places: Mapping[tuple[int, int], str]

    def is_new(self, row: DeliveryRow) -> bool:
        """Whether the row counts since the previous settlement of the contract."""
        return row.recording > self.contract.previous_cutoff


def list_lines(connection: Connection, run_number: int) -> RenderableType:
    """Every line of a run under its number. Raises `Refusal` when there is no such run."""
    run = read_run(connection, run_number)
    rows = {
        f"Contract {contract.contract.number}": [_listed(numbered) for numbered in contract.lines]
        for contract in run.contracts
        if contract.lines
    }
    parked = [contract.contract.number for contract in run.contracts if contract.parked]
    notes = [f"Geparkeerd, dus zonder regels: {', '.join(parked)} (bekostiging settle show {run.id})"] if parked else []
    return Group(
        f"Run {run.id} over {run.period}: {STATE_NAMES[run.state]}", under_headings(_lines_table, rows), *notes
    )


def _lines_table() -> Table:
    table = _table("Regel", "Gemeente", "Maand", "Wat", "Soort", "Bedrag (€)", right=(0, 5))
    for place in (0, 2, 5):
        table.columns[place].no_wrap = True
    return table


def _listed(numbered: NumberedLine) -> tuple[str, ...]:
    line = numbered.line
    kind = TIMING_NAMES[line.timing] + _NOT_PAYABLE.get(line.key.treatment, "")
    about = (line.key.municipality, str(line.key.month), DUTCH.label(line.key.label))
    return (str(numbered.number), *about, kind, format_eur(line.amount))


def tell_reference(
    connection: Connection, run_number: int, reference: str, agb_code: str | None = None
) -> RenderableType:
    """What became of a delivered reference. Raises `Refusal` for a run or provider that is not known."""
    paragraphs = what_became_of(connection, read_run(connection, run_number), reference, agb_code)
    return Group(*(Padding(Text(paragraph), (0, 0, 1, 0)) for paragraph in paragraphs))


def explain_line(
    connection: Connection, run_number: int, line_number: int, rows: int = 20, only_changes: bool = False
) -> RenderableType:
    """A line with its reasons, its sources and at most `rows` of its rows (0: all).

    With `only_changes` no rows that the previous settlement knew. Raises `Refusal` when run or line is not there.
    """
    explained = read_explained(connection, run_number, line_number)
    return Group(*_head(explained), *_reasons(explained), *_rows(explained, rows, only_changes), *_sources(explained))


def read_explained(connection: Connection, run_number: int, line_number: int) -> ExplainedLine:
    """Gather all that a line came from. Raises `Refusal` when run or line is not there.

    Raises `BrokenInvariant` when the rows no longer add up to what the line says.
    """
    run = read_run(connection, run_number)
    found = [
        (contract, numbered.line)
        for contract in run.contracts
        for numbered in contract.lines
        if numbered.number == line_number
    ]
    if not found:
        raise Refusal(
            f"run {run.id} heeft geen regel {line_number}", f"zie de regels met `bekostiging explain {run.id}`"
        )
    contract, line = found[0]
    terms = read_terms(connection, run.period, run.cutoff, [contract.contract.number])
    component = next((c for c in contract.contract.component if c.key == line.key.component), None)
    groups: list[PricingGroup] = []
    if not line.key.of_contract:
        groups = pricing_groups(connection, terms, contract.id, line.key)
        if amount_of(groups) != line.entitled:
            raise BrokenInvariant(
                f"run {run.id}, line {line_number}: rows add up to {amount_of(groups)}, not to {line.entitled}"
            )
    recorded = {
        contract.contract_recording: [f"contract {contract.contract.number}"],
        **_price_sources(connection, contract, line),
    }
    recorded |= _count_sources(connection, terms, contract, component, line)
    for number, whats in _figure_sources(connection, terms, line).items():
        recorded.setdefault(number, []).extend(whats)
    known = _recorded(connection, [*recorded, *{row.batch for group in groups for row in group.rows}])
    return ExplainedLine(
        run=run,
        contract=contract,
        number=line_number,
        line=line,
        label_name=_label_name(terms, line),
        clause=component.clause if component else "",
        sources=[
            Source(number, what, known[number].file_name or "", known[number].recorded_at.date())
            for number, whats in sorted(recorded.items())
            for what in whats
        ],
        groups=groups,
        batches={number: row.file_name or "" for number, row in known.items() if number not in recorded},
        places=row_numbers(connection, ((row.batch, row.row_number) for group in groups for row in group.rows)),
    )


# --- what a line came from --------------------------------------------------------------------------------------------


def _price_sources(connection: Connection, contract: SettledContract, line: Line) -> dict[int, list[str]]:
    """The price list versions of the priced volumes under a line."""
    ids = {volume.price_version_id for volume in contract.volumes if volume.key == line.key}
    query = (
        select(price_versions.c.recording, price_lists.c.name, price_versions.c.version)
        .join(price_lists, price_lists.c.id == price_versions.c.price_list_id)
        .where(price_versions.c.id.in_(ids))
    )
    return {row.recording: [f"prijslijst {row.name}, versie {row.version}"] for row in connection.execute(query)}


def _count_sources(
    connection: Connection, terms: Terms, contract: SettledContract, component: Component | None, line: Line
) -> dict[int, list[str]]:
    """The counts that an instalment was computed with: those that the computation reads when it is done again."""
    if line.key.label != INSTALMENT or not isinstance(component, PopulationComponent):
        return {}
    known = counts_known(connection, terms.cutoff)
    counts = ReadCounts(known)
    facts = Facts(counts=counts, index_figures=terms.recorded.index_figures)
    entitlements, _ = population.entitle(contract.contract, component, facts, (), line.key.month)
    again = total(entitlement.amount for entitlement in entitlements if entitlement.key == line.key)
    if again != line.entitled:
        raise BrokenInvariant(f"{line.key}: computed again it is {again}, not {line.entitled}")
    found: dict[int, list[str]] = {}
    for key in sorted(counts.read):
        if key[2].year == line.key.month.year or key[2] == component.count_date:
            found.setdefault(known[key].recording, []).append(_count_text(key, known[key]))
    return found


def _figure_sources(connection: Connection, terms: Terms, line: Line) -> dict[int, list[str]]:
    """The index figures that the explanation of a line names."""
    used = sorted(set(_figures_in(line.explanation)))
    if not used:
        return {}
    figures = recorded_figures(connection, terms.cutoff)
    found: dict[int, list[str]] = {}
    for name, year, status in used:
        percent, recording = figures[(name, year, status)]
        text = f"indexcijfer {name} {year}, {_STATUS_NAMES[status]}: {format_number(percent)} %"
        found.setdefault(recording, []).append(text)
    return found


def _figures_in(step: Step) -> Iterator[tuple[str, int, str]]:
    """The name, year and status of every index figure that a tree of steps used."""
    statuses = {
        "provisional_figure": ("provisional",),
        "final_figure": ("final",),
        "ratio_of_figures": ("provisional", "final"),
    }
    for status in statuses.get(step.code, ()):
        yield step.values["name"], int(step.values["year"]), status
    for child in step.steps:
        yield from _figures_in(child)


def _count_text(key: tuple[str, str, date, str], count: Count) -> str:
    area, measure, day, status = key
    persons = format_number(count.persons)
    return f"telling {area}, {measure}, {format_date(day)}, {_STATUS_NAMES[status]}: {persons}"


def _recorded(connection: Connection, numbers: Iterable[int]) -> dict[int, Any]:
    query = select(recordings).where(recordings.c.number.in_(set(numbers)))
    return {row.number: row for row in connection.execute(query)}


def _label_name(terms: Terms, line: Line) -> str:
    """The name of the product in the month of the line."""
    if line.key.of_contract:
        return DUTCH.label(line.key.label)
    in_month = Period(line.key.month.first_day, line.key.month.end)
    versions = terms.products[line.key.label].versions
    return next((f"{line.key.label}, {v.name}" for v in versions if v.period.overlaps(in_month)), line.key.label)


# --- layout -----------------------------------------------------------------------------------------------------------


def _head(explained: ExplainedLine) -> Iterable[RenderableType]:
    run, line, contract = explained.run, explained.line, explained.contract.contract
    key = line.key
    yield f"Regel {explained.number} van run {run.id} over {run.period}: {STATE_NAMES[run.state]}"
    facts = {
        "Contract": f"{contract.number}, {contract.title}",
        "Aanbieder": f"{contract.provider}, {explained.contract.provider.name}",
        "Onderdeel": f"{key.component}" + (f", {explained.clause}" if explained.clause else ""),
        "Gemeente": f"{key.municipality}, {run.municipalities[key.municipality].name}",
        "Maand": format_month(key.month.first_day),
        "Wat": explained.label_name,
        "Soort": f"{TREATMENT_NAMES[key.treatment]}; {TIMING_NAMES[line.timing]}",
        "Taakveld": f"{line.task_field} {TASK_FIELDS.get(line.task_field, '')}",
    }
    grid = Table.grid(padding=(0, 2))
    for name, value in facts.items():
        grid.add_row(name, value)
    yield Padding(grid, (0, 0, 1, 2))
    yield _sentences(
        (
            (0, "Recht tot nu toe", format_eur(line.entitled)),
            (0, "Af: eerder geboekt", format_eur(-line.posted_before)),
            (0, "Deze regel", format_eur(line.amount)),
        )
    )


def _reasons(explained: ExplainedLine) -> Iterable[RenderableType]:
    line = explained.line
    if line.causes:
        yield "Waarom deze regel verschilt van wat geboekt was"
        hours = hours_sentence(line.causes)
        yield _sentences(
            [
                *((0, cause_sentence(cause, line.explanation), format_eur(cause.amount)) for cause in line.causes),
                *([(0, hours, "")] if hours else []),
            ]
        )
    yield "Hoe het recht is berekend"
    yield _sentences(explanation_lines(line.explanation))


def _sentences(lines: Iterable[tuple[int, str, str]]) -> RenderableType:
    """Sentences with their result, each step under the one that used it."""
    found = list(lines)
    wide = max(_RESULT, *(len(result) for _, _, result in found)) if found else _RESULT
    grid = Table.grid(padding=(0, 2))
    grid.add_column(width=min(_SENTENCE, WIDTH - 2 - 2 - wide))
    grid.add_column(width=wide, justify="right", no_wrap=True)
    for depth, sentence, result in found:
        grid.add_row(Padding(Text(sentence), (0, 0, 0, 2 * depth)), result)
    return Padding(grid, (0, 0, 1, 2))


def _rows(explained: ExplainedLine, limit: int, only_changes: bool) -> Iterable[RenderableType]:
    """The rows in one or two tables: what is new since the previous settlement, and what was known by then."""
    if not explained.groups:
        return
    previous = explained.contract.previous_cutoff
    by_age: dict[bool, list[PricingGroup]] = {True: [], False: []}
    for group in explained.groups:
        by_age[any(explained.is_new(row) for row in group.rows)].append(group)
    since = f" sinds de vorige afrekening (na vastlegging {previous})" if previous else ""
    parts = [(f"Leveringen{since}", by_age[True]), ("Leveringen van eerder", [] if only_changes else by_age[False])]
    room = limit or None
    shown: list[DeliveryRow] = []
    for title, groups in parts:
        if not groups:
            if title == parts[0][0]:
                yield f"{title}: geen\n"
            continue
        table = _rows_table(groups)
        left = 0
        for group in groups:
            rows = sorted(group.rows, key=lambda row: not explained.is_new(row))
            if only_changes:
                rows = [row for row in rows if explained.is_new(row)]
            fitting = rows if room is None else rows[: max(0, room - len(shown))]
            left += len(rows) - len(fitting)
            shown += fitting
            _add_group(table, explained, group, fitting)
        yield title
        if table.row_count:
            yield fit(table)
        if left:
            yield f"… en nog {counted(left, 'rij/rijen')}; alle rijen: --rows 0"
        yield ""
    yield _together(explained)
    files = sorted({row.batch for row in shown})
    yield from (f"Vastlegging {number} is {explained.batches[number]}" for number in files)
    yield ""


def _rows_table(groups: Sequence[PricingGroup]) -> Table:
    unit = UNIT_NAMES[groups[0].rule.unit].capitalize()
    return _table("Vastl.", "Rij", "Referentie", "Dienst", unit, "Prijs (€)", "Bedrag (€)", right=(0, 1, 4, 5, 6))


def _add_group(table: Table, explained: ExplainedLine, group: PricingGroup, rows: Sequence[DeliveryRow]) -> None:
    price = "" if group.price is None else format_number(group.price)
    amount = "geen prijs" if group.amount is None else format_eur(group.amount)
    together = group.rule.rounding is Rounding.CLIENT_MONTH
    if not rows:
        return
    if together:
        before = [row.quantity for row in group.rows if not explained.is_new(row)]
        hours, quantity = f"{group.billed_quantity} uur", format_number(group.quantity)
        table.add_row("", "", f"groep {group.number} is {hours}", "", quantity, price, amount)
        if before and len(before) < len(group.rows):
            table.add_row("", "", f"(was {hours_of(before)} uur", "", f"{format_number(sum(before))})", "", "")
    for row in rows:
        table.add_row(
            str(row.batch),
            explained.places[(row.batch, row.row_number)],
            _reference_text(explained, row, mark_new=together),
            _service_text(row.service),
            format_number(row.quantity),
            "" if together else price,
            "" if together else amount,
        )


def _reference_text(explained: ExplainedLine, row: DeliveryRow, *, mark_new: bool) -> str:
    text = row.reference
    if row.is_withdrawal:
        text += ", vervallen"
    elif row.previous_reference:
        text += f", credit van {row.previous_reference}"
    if row.recording != row.batch and not row.is_withdrawal:
        text += f" (telt sinds {row.recording})"
    if mark_new and explained.contract.previous_cutoff and explained.is_new(row):
        text += ", nieuw"
    return text


def _service_text(service: Period) -> str:
    """'05-01' or '20-01 t/m 22-01'; the year is that of the line."""
    first, last = service.start, service.end - timedelta(days=1)
    return f"{first:%d-%m}" if first == last else f"{first:%d-%m} t/m {last:%d-%m}"


def _together(explained: ExplainedLine) -> str:
    groups = explained.groups
    rows = counted(sum(len(group.rows) for group in groups), "rij/rijen")
    quantity = counted(sum(group.quantity for group in groups), DUTCH.units[groups[0].rule.unit])
    return f"Samen {rows}, {quantity}: {format_eur(amount_of(groups))} euro"


def _sources(explained: ExplainedLine) -> Iterable[RenderableType]:
    table = _table("Vastl.", "Bron", "Bestand", "Op", right=(0,))
    for source in explained.sources:
        table.add_row(str(source.recording), source.what, source.file_name, format_date(source.recorded_on))
    yield "Waaruit het is berekend"
    yield fit(table)


def _table(*headers: str, right: Sequence[int] = ()) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for place, header in enumerate(headers):
        table.add_column(header, justify="right" if place in right else "left", overflow="fold")
    return table

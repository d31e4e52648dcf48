"""Importing a delivery file: one file, one transaction, one recording, and an account of every row."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from sqlalchemy import Connection, insert, select

from contracts.parties import known_parties
from database.recordings import latest, lock_recordings, record, recordings
from importers import loading
from importers.client_numbers import pseudonym_key
from importers.delivery_cells import Known
from importers.delivery_files import COLUMNS, DeliveryFile, RowFinding, examine
from importers.delivery_rows import Reading, Staged, holds_client_number, staged_rows
from importers.kept_texts import KEPT
from importers.numbering import Numbering
from importers.places import record_sheets, row_places
from importers.quantities import USUAL_FACTOR, unusual_quantities
from importers.rules import NUMBERING_ASKED, ROW_RULES, VERDICTS
from importers.same_care import SAME_CARE, SAME_CARE_HINT, same_care_in_file
from importers.tables import batch_findings, batches
from kernel.findings import NotNow, Refusal, Severity
from kernel.identifiers import as_shown
from kernel.money import Eur
from kernel.notation import counted, format_date, format_month, format_number
from tariffs.products import Product, catalogue, delivered_by_day
from tariffs.tables import product_versions
from tariffs.units import UNIT_NAMES, Unit

_MOST_CONTRADICTIONS = 10  # a few are a mistake in a few rows


@dataclass(frozen=True, slots=True)
class Account:
    """What became of the rows of a file, and of the euros claimed on them: on debits, less those on credits."""

    rows_read: int
    rows_accepted: int
    rows_rejected: int
    rows_waiting: int
    rows_known: int
    claimed_read: Eur
    claimed_accepted: Eur
    claimed_rejected: Eur
    claimed_waiting: Eur
    claimed_known: Eur


@dataclass(frozen=True, slots=True)
class DeliveryImport:
    """The outcome of a file. `recording` is None when the file was read before and brings nothing new."""

    file: DeliveryFile
    recording: int | None
    read_before: int | None
    account: Account
    findings: Sequence[RowFinding]
    warnings: Sequence[RowFinding]
    waiting: Sequence[RowFinding]
    known: Sequence[RowFinding]
    waited_and_count_now: int
    withdrawn: Sequence[str]
    references_per_month: Sequence[str] = ()  # the providers in the file that number again every month

    @property
    def needs_attention(self) -> bool:
        return bool(self.findings or self.warnings or self.waiting or self.withdrawn or self.file.warnings)


def import_deliveries(
    connection: Connection,
    path: Path,
    config_dir: Path,
    by: str,
    watch: Callable[[Iterable[Staged]], Iterable[Staged]] = iter,
    *,
    per_month: bool | None = None,
    posted_until: loading.PostedUntil = loading.none_posted,
    factor: int = USUAL_FACTOR,
) -> DeliveryImport:
    """Read a delivery file, accept what is right, and report the rest with place and remedy.

    Raises `Refusal`, with nothing written, when the file as a whole cannot be read, or contradicts most of the received
    rows that it repeats. `watch` sees the rows pass, some at a time. `per_month` says of the providers in the file that
    their references are unique within a month only, or no longer, from now on; None leaves it as it is.
    A quantity of more than `factor` times the usual one is told.
    """
    file = examine(path)
    reading = Reading()
    key = pseudonym_key(connection, config_dir)
    read_at = latest(connection)
    products = catalogue(connection, read_at)
    parties = known_parties(connection, read_at)
    known_codes = Known(
        municipalities={code: party.id for code, party in parties.municipalities.items()},
        providers={code: party.id for code, party in parties.providers.items()},
        products={code: product.id for code, product in products.items()},
        laws=_laws_of_references(connection),
    )
    definitions = [
        (product.id, version.period.start, version.period.end, version.unit, product.code)
        for product in products.values()
        for version in product.versions
    ]
    loading.stage(connection, watch(staged_rows(file, known_codes, key, reading)), definitions)
    if not reading.rows_read:
        raise Refusal(f"{file.name} heeft wel een kopregel maar geen regels", "vraag het bestand opnieuw op")
    lock_recordings(connection)  # only now: reading takes long, and others may record meanwhile
    _refuse_changed_codes(connection, file, read_at)
    kept, broken_cents = _rows_with_client_numbers(connection, file, reading)
    broken, cents = _rows_breaking_rules(connection, file, reading)
    broken, broken_cents = [*kept, *broken], {**broken_cents, **cents}
    loading.add_clients(connection)
    months = loading.months_of_service(connection)
    next_recording = latest(connection) + 1  # under the lock of the recordings
    numbering = Numbering.now(connection, loading.providers_of(connection), per_month)
    loading.sort_out(connection, next_recording, months, numbering.per_month, posted_until)
    _refuse_wholesale_contradiction(connection, file)
    read_before = connection.execute(
        select(batches.c.recording).where(batches.c.sha256 == file.sha256).order_by(batches.c.recording).limit(1)
    ).scalar_one_or_none()
    rows_new = loading.count_new(connection)
    recording = None
    if rows_new or read_before is None or loading.any_newly_contradicted(connection) or numbering.changed:
        what = f"leveringen: {file.name}"
        recording = record(connection, "deliveries", what, by, file.name, file.sha256)
        assert recording == next_recording
        numbering.record(connection, recording)
    entered = loading.enter(connection, next_recording, months)
    agb_codes = {str(provider): code for code, provider in known_codes.providers.items()}
    reading.providers = {agb_codes.get(provider, "") for provider in reading.providers}
    reading.provider_of = {number: agb_codes[provider] for number, provider in reading.provider_of.items()}
    if recording is not None:
        reading.warnings += _same_care(connection, file, recording, months, products.values())
        reading.warnings += _unusual(connection, file, recording, factor, products.values())
    outcome = _outcome(connection, file, reading, recording, read_before, broken, broken_cents, entered)
    return replace(outcome, references_per_month=sorted(agb_codes[str(id)] for id in numbering.per_month))


def _refuse_changed_codes(connection: Connection, file: DeliveryFile, read_at: int) -> None:
    """Refuse a file of which the rows were read with parties or products that are no longer the last ones."""
    changed = select(recordings.c.number).where(
        recordings.c.number > read_at, recordings.c.kind.in_(("parties", "products"))
    )
    if connection.execute(changed).first() is not None:
        raise NotNow(
            f"{file.name}: terwijl het bestand gelezen werd, zijn partijen of producten gewijzigd; er is niets "
            "ingelezen",
            "lees het bestand opnieuw in",
        )


def _refuse_wholesale_contradiction(connection: Connection, file: DeliveryFile) -> None:
    """Refuse a file sent again with one thing changed in all of it (a column added): nothing of it would count."""
    found = loading.contradictions(connection)
    if found.differ <= _MOST_CONTRADICTIONS or 2 * found.differ <= found.received:
        return
    if 2 * found.of_other_months >= found.differ:
        raise Refusal(
            f"{file.name}: van {format_number(found.of_other_months)} regels is de referentie al van een regel over "
            "een andere maand; er is niets ingelezen",
            NUMBERING_ASKED,
        )
    raise Refusal(
        f"{file.name}: van {format_number(found.received)} regels die al ontvangen zijn, zeggen er "
        f"{format_number(found.differ)} nu iets anders (een kolom erbij telt ook); er is niets ingelezen",
        "stuur ontvangen regels precies zoals eerst, of laat ze weg; wijzig een regel met een creditregel en een "
        "nieuwe regel met een nieuwe referentie",
    )


def _laws_of_references(connection: Connection) -> dict[int, str]:
    """The law that a reference to a product belongs to: that under which the product was first recorded.

    A reference is unique per law (TR314). When the catalogue corrects the law of a product, its rows keep their names;
    else a row that comes again would be another row, and count twice.
    """
    versions = product_versions.c
    rows = connection.execute(
        select(versions.product_id, versions.law).order_by(versions.recording.desc(), versions.valid_from.desc())
    )
    return {row.product_id: row.law for row in rows}  # an earlier one replaces a later


def _rows_with_client_numbers(
    connection: Connection, file: DeliveryFile, reading: Reading
) -> tuple[list[RowFinding], dict[int, int]]:
    """The finding of each row that names a client of any file in a text that is kept, and its claimed cents."""
    found = loading.rows_with_client_numbers(connection)
    reading.provider_of |= {row.row_number: str(row.provider_id) for row in found}
    findings = [holds_client_number(row.row_number, _header(file, row.row_number, KEPT[row.place])) for row in found]
    return findings, {row.row_number: row.claimed_cents or 0 for row in found}


def _rows_breaking_rules(
    connection: Connection, file: DeliveryFile, reading: Reading
) -> tuple[list[RowFinding], dict[int, int]]:
    """The findings of the row rules, and the claimed cents of each row that is rejected by one."""
    rules = {rule.code: rule for rule in ROW_RULES}
    findings: list[RowFinding] = []
    claimed: dict[int, int] = {}
    for row in loading.rows_breaking_rules(connection):
        if row.is_rejected:
            claimed[row.row_number] = row.claimed_cents or 0
            reading.provider_of[row.row_number] = str(row.provider_id)
        for code in row.codes:
            rule = rules[code]
            message = rule.message.format(
                first_day=format_date(row.service_start),
                last_day=format_date(row.last_day),
                quantity=format_number(row.quantity),
                product=row.product,
                product_unit=UNIT_NAMES[Unit(row.product_unit)] if row.product_unit else "",
                row_unit=UNIT_NAMES[Unit(row.unit)] if row.unit else "",
            )
            findings.append(
                RowFinding(
                    row.row_number,
                    code,
                    _header(file, row.row_number, rule.column),
                    message,
                    rule.hint,
                    rule.severity,
                )
            )
    return findings, claimed


def _same_care(
    connection: Connection, file: DeliveryFile, recording: int, months: Sequence[date], products: Collection[Product]
) -> Iterator[RowFinding]:
    """Rows that seem to say the same care as another, by product."""
    codes = {product.id: product.code for product in products}
    found = same_care_in_file(connection, recording, months, delivered_by_day(products))
    places = row_places(connection, {other for same in found for other in same.others})
    for same in found:
        rows = _listed(file, same.first_rows, same.rows)
        others = [f"{places[other]} van vastlegging {other[0]}" for other in same.others]
        said = f"product {codes[same.product_id]}: {counted(same.rows, 'regel', 'regels')} {SAME_CARE} ({rows})"
        if others:
            said += f"; ook {', '.join(others)}"
        column = _header(file, same.first_rows[0], "client")
        yield RowFinding(same.first_rows[0], "D40", column, said, SAME_CARE_HINT, Severity.WARNING)


def _unusual(
    connection: Connection, file: DeliveryFile, recording: int, factor: int, products: Collection[Product]
) -> Iterator[RowFinding]:
    """Quantities far above the usual one, by provider and product."""
    codes = {product.id: product.code for product in products}
    for found in unusual_quantities(connection, recording, factor):
        said = (
            f"product {codes[found.product_id]}: {counted(found.rows, 'regel', 'regels')} met meer dan {factor} keer "
            f"het gewone aantal van deze aanbieder ({_listed(file, found.first_rows, found.rows)}); gewoon is "
            f"{format_number(found.usual)}, het meeste is hier {format_number(found.most)}"
        )
        hint = "controleer aantal en eenheid; is het een fout, laat de regel crediteren en goed aanleveren"
        column = _header(file, found.first_rows[0], "quantity")
        yield RowFinding(found.first_rows[0], "D41", column, said, hint, Severity.WARNING)


def _listed(file: DeliveryFile, first: Sequence[int], rows: int) -> str:
    """The first rows by their place, and how many more there are."""
    more = [f"en nog {format_number(rows - len(first))}"] if rows > len(first) else []
    return ", ".join([*map(file.place, first), *more])


def _outcome(
    connection: Connection,
    file: DeliveryFile,
    reading: Reading,
    recording: int | None,
    read_before: int | None,
    broken: Sequence[RowFinding],
    broken_cents: dict[int, int],
    entered: int,
) -> DeliveryImport:
    errors = [finding for finding in broken if finding.severity is Severity.ERROR]
    warnings = [*(finding for finding in broken if finding.severity is Severity.WARNING), *reading.warnings]
    listed: dict[str, list[RowFinding]] = {"rejected": [*reading.findings, *errors], "waiting": [], "known": []}
    rows = {"rejected": reading.rows_rejected + len(broken_cents), "waiting": 0, "known": 0}
    cents = {"rejected": reading.claimed_rejected_cents + sum(broken_cents.values()), "waiting": 0, "known": 0}
    verdicts = loading.verdicts(connection)
    others = {(v.other_batch, v.other_row) for v in verdicts if v.other_batch and v.other_row}
    places = row_places(connection, others)
    for judged in verdicts:
        verdict = VERDICTS[judged.code]
        other = file.place(judged.other_row or 1)
        if judged.other_batch:
            other = f"{places[judged.other_batch, judged.other_row or 1]} van vastlegging {judged.other_batch}"
        message = verdict.message.format(
            reference=judged.reference,
            previous_reference=judged.previous_reference,
            other=other,
            month=format_month(judged.other_month) if judged.other_month else "",
        )
        message = as_shown(message)
        column = _header(file, judged.row_number, verdict.column)
        finding = RowFinding(judged.row_number, judged.code, column, message, verdict.hint)
        listed[verdict.counted_as].append(finding)
        if judged.provider:
            reading.provider_of[judged.row_number] = judged.provider
        rows[verdict.counted_as] += 1
        cents[verdict.counted_as] += judged.claimed_cents or 0
    account = Account(
        rows_read=reading.rows_read,
        rows_accepted=reading.rows_read - sum(rows.values()),
        rows_rejected=rows["rejected"],
        rows_waiting=rows["waiting"],
        rows_known=rows["known"],
        claimed_read=Eur.of_cents(reading.claimed_read_cents),
        claimed_accepted=Eur.of_cents(reading.claimed_read_cents - sum(cents.values())),
        claimed_rejected=Eur.of_cents(cents["rejected"]),
        claimed_waiting=Eur.of_cents(cents["waiting"]),
        claimed_known=Eur.of_cents(cents["known"]),
    )
    findings = sorted(listed["rejected"], key=lambda finding: (finding.row_number, finding.code))
    if recording is not None:
        _store(connection, file, recording, account, [*findings, *warnings, *listed["waiting"]], reading)
    assert account.rows_accepted == entered, "every row read is counted once"
    return DeliveryImport(
        file=file,
        recording=recording,
        read_before=read_before,
        account=account,
        findings=findings,
        warnings=warnings,
        waiting=listed["waiting"],
        known=listed["known"],
        waited_and_count_now=loading.settled_waiting(connection, recording or 0),
        withdrawn=[as_shown(name) for name in loading.withdrawn(connection)],
    )


def _store(
    connection: Connection,
    file: DeliveryFile,
    recording: int,
    account: Account,
    findings: Sequence[RowFinding],
    reading: Reading,
) -> None:
    connection.execute(
        insert(batches).values(
            recording=recording,
            file_name=file.name,
            sha256=file.sha256,
            rows_read=account.rows_read,
            rows_accepted=account.rows_accepted,
            rows_rejected=account.rows_rejected,
            rows_waiting=account.rows_waiting,
            rows_known=account.rows_known,
            claimed_read_eur=account.claimed_read,
            claimed_accepted_eur=account.claimed_accepted,
            claimed_rejected_eur=account.claimed_rejected,
            claimed_waiting_eur=account.claimed_waiting,
            claimed_known_eur=account.claimed_known,
            providers=None if "" in reading.providers else sorted(reading.providers),
        )
    )
    rows = [
        {
            "recording": recording,
            "row_number": finding.row_number,
            "code": finding.code,
            "column_name": finding.column,
            "severity": finding.severity,
            "provider": reading.provider_of.get(finding.row_number),
            "message": finding.message,
            "hint": finding.hint,
        }
        for finding in findings
    ]
    if rows:
        connection.execute(insert(batch_findings), rows)
    record_sheets(connection, recording, file)


def _header(file: DeliveryFile, row_number: int, name: str) -> str:
    """How the sender calls a column; a column the file does not have goes by our own first name for it."""
    table = file.table_of(row_number)
    place = table.places[name]
    return table.header[place] if place is not None else next(c.headers[0] for c in COLUMNS if c.name == name)

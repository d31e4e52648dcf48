"""`bekostiging tariff`: the product catalogue, the price lists, and index figures."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import click
from rich.box import SIMPLE_HEAD
from rich.table import Table
from sqlalchemy import Connection

from database.command_line import as_json, fields_of, tell_json
from database.recordings import latest, resolve_cutoff
from database.session import database
from database.terminal import FILE, NUMBER, end_with_json, print_table, say, tell_warnings
from database.whole_file import write_papers
from kernel.findings import Refusal
from kernel.notation import counted, format_date, format_number, parse_date, parse_number
from tariffs.index_figures import import_index_figures
from tariffs.indexed_prices import indexed_price_file
from tariffs.price_lists import (
    PriceUse,
    PriceVersion,
    all_versions_known,
    describe_change,
    import_prices,
    price_version_known,
    prices_of,
)
from tariffs.products import catalogue, import_products
from tariffs.units import PRICE_PER_NAMES


@click.group("tariff")
def tariff() -> None:
    """Producten, prijslijsten en indexcijfers.

    \b
    Voorbeeld:
      bekostiging tariff list
    """


@tariff.command("products")
@click.argument("file", type=FILE)
@as_json
@click.pass_context
def products(ctx: click.Context, file: Path, as_json: bool) -> None:
    """Lees producten in uit een CSV-bestand of werkmap.

    Alle rijen van een product vormen samen een versie; wat al bekend was, wordt niet opnieuw vastgelegd.

    \b
    Voorbeeld:
      bekostiging tariff products producten.csv
    """
    store = database(ctx)
    with store.transaction() as connection:
        result = import_products(connection, file, store.settings.user)
    if as_json:
        end_with_json(ctx, result, needs_attention=result.warnings)
    if result.recording is None:
        click.echo(f"Al bekend: {counted(len(result.known), 'product', 'producten')}; er is niets vastgelegd.")
    else:
        click.echo(
            f"Vastlegging {result.recording}: {counted(len(result.added), 'product', 'producten')} nieuw, "
            f"{len(result.changed)} gewijzigd, {len(result.known)} al bekend."
        )
    for code in result.changed:
        click.echo(f"  gewijzigd: {code}")
    tell_warnings(ctx, result.warnings)


@tariff.command("import")
@click.argument("file", type=FILE)
@click.option("--list", "list_name", default="standaard", show_default=True, help="Naam van de prijslijst.")
@click.option("--version", type=NUMBER, help="Nummer van de versie; zonder dit het volgende nummer.")
@click.option("--new", is_flag=True, help="Het is een nieuwe prijslijst, naast die er zijn.")
@click.option("--replace", is_flag=True, help="Laat ook prijzen vervallen van dagen waarop geleverd is.")
@click.option(
    "--factor", default="3", show_default=True, help="Waarschuw voor een prijs die zoveel keer zo hoog wordt."
)
@as_json
@click.pass_context
def import_(
    ctx: click.Context,
    file: Path,
    list_name: str,
    version: int | None,
    new: bool,
    replace: bool,
    factor: str,
    as_json: bool,
) -> None:
    """Lees een hele versie van een prijslijst in, uit een CSV-bestand of werkmap.

    Het hoogste versienummer geldt. Een gewijzigde prijs is een nieuwe versie van de hele lijst. Zijn er al
    prijslijsten, dan vraagt een nieuwe naam om --new.

    \b
    Voorbeeld:
      bekostiging tariff import prijzen-2026.csv --list standaard
    """
    store = database(ctx)
    unlikely = _factor(factor)
    use: PriceUse = ctx.obj.price_use()
    with store.transaction() as connection:
        result = import_prices(
            connection,
            file,
            store.settings.user,
            list_name,
            version,
            new=new,
            replace=replace,
            factor=unlikely,
            use=use,
        )
    if as_json:
        end_with_json(ctx, result, needs_attention=result.warnings)
    name = f"{'nieuwe ' if result.is_new_list else ''}prijslijst {result.list_name}, versie {result.version}"
    if result.recording is None:
        click.echo(f"{name[0].upper()}{name[1:]} was al bekend; er is niets vastgelegd.")
    else:
        click.echo(f"Vastlegging {result.recording}: {name}.")
    if result.changes:
        click.echo(f"Gewijzigd tegenover versie {result.previous}:")
    for change in result.changes:
        click.echo(f"  {describe_change(change)}")
    tell_warnings(ctx, result.warnings)


def _factor(text: str) -> Decimal:
    try:
        factor = parse_number(text)
    except ValueError as error:
        raise click.UsageError(f"--factor: {error}") from None
    if factor <= 1:
        raise click.UsageError("--factor is meer dan 1, zoals 3 of 1,5")
    return factor


@tariff.command("list")
@click.argument("name", required=False)
@click.option("--cutoff", help="Vastlegging of moment waarop gekeken wordt; zonder dit het laatste.")
@as_json
@click.pass_context
def list_(ctx: click.Context, name: str | None, cutoff: str | None, as_json: bool) -> None:
    """Toon de prijslijsten, of de prijzen van de lijst NAME.

    \b
    Voorbeeld:
      bekostiging tariff list standaard
    """
    if as_json:
        with database(ctx).transaction() as connection:
            answer = _tariffs_json(connection, name, cutoff)
        tell_json(answer)
        return
    with database(ctx).transaction() as connection:
        known_at = resolve_cutoff(connection, cutoff) if cutoff else latest(connection)
        known_products = catalogue(connection, known_at)
        if name is None:
            versions = all_versions_known(connection, known_at)
            table = Table("Prijslijst", "Versie", "Vastlegging", "Geldt", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
            holding = {version.list_name: version for version in versions}  # the highest number comes last
            for version in versions:
                holds = "ja" if holding[version.list_name] == version else ""
                table.add_row(version.list_name, str(version.version), str(version.recording), holds)
        else:
            held = _held(connection, name, known_at)
            table = Table("Product", "Naam", "Vanaf", "Tot", "Prijs", "Per", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
            table.title = f"{name}, versie {held.version}"
            table.columns[4].justify = "right"
            for price in prices_of(connection, [held.id]):
                product = known_products[price.product].on(price.valid_from)
                table.add_row(
                    price.product,
                    product.name if product else "",
                    format_date(price.valid_from),
                    format_date(price.valid_until) if price.valid_until else "",
                    format_number(price.price),
                    PRICE_PER_NAMES[product.price_per] if product else "",
                )
    click.echo(f"{counted(len(known_products), 'product', 'producten')} in de catalogus.")
    print_table(table)


def _held(connection: Connection, name: str, known_at: int) -> PriceVersion:
    held = price_version_known(connection, name, known_at)
    if held is None:
        raise Refusal(f"prijslijst {name} is niet bekend", 'zie "bekostiging tariff list"')
    return held


def _tariffs_json(connection: Connection, name: str | None, cutoff: str | None) -> dict[str, Any]:
    """The price lists and the products, or the prices of one list."""
    known_at = resolve_cutoff(connection, cutoff) if cutoff else latest(connection)
    if name is None:
        versions = all_versions_known(connection, known_at)
        holding = {version.list_name: version for version in versions}
        return {
            "cutoff": known_at,
            "price_lists": [
                {**fields_of(version, "id"), "holds": holding[version.list_name] == version} for version in versions
            ],
            "products": [fields_of(product, "id") for product in catalogue(connection, known_at).values()],
        }
    held = _held(connection, name, known_at)
    prices = [fields_of(price, "version_id", "product_id") for price in prices_of(connection, [held.id])]
    return {"cutoff": known_at, **fields_of(held, "id"), "prices": prices}


@tariff.command("index")
@click.argument("file", type=FILE)
@as_json
@click.pass_context
def index(ctx: click.Context, file: Path, as_json: bool) -> None:
    """Lees indexcijfers in uit een bestand, zoals OVA en PPC.

    Een cijfer dat opnieuw gepubliceerd is met een ander percentage geldt vanaf nu; wat eerder is vastgelegd blijft
    staan.

    \b
    Voorbeeld:
      bekostiging tariff index indexcijfers.csv
    """
    store = database(ctx)
    with store.transaction() as connection:
        result = import_index_figures(connection, file, store.settings.user)
    if as_json:
        end_with_json(ctx, result, needs_attention=result.warnings)
    if result.recording is None:
        click.echo(f"Al bekend: {counted(result.known, 'indexcijfer', 'indexcijfers')}; er is niets vastgelegd.")
    else:
        click.echo(
            f"Vastlegging {result.recording}: {counted(result.added, 'indexcijfer', 'indexcijfers')} nieuw, "
            f"{result.changed} gewijzigd, {result.known} al bekend."
        )
    tell_warnings(ctx, result.warnings)


@tariff.command("index-prices")
@click.argument("name")
@click.option("--percent", required=True, help="Met hoeveel procent de prijzen stijgen, zoals 4,96.")
@click.option("--from", "start", required=True, help="Vanaf welke dag, zoals 01-01-2027.")
@click.option("--decimals", type=click.IntRange(2, 4), default=2, show_default=True, help="Afronding van de prijzen.")
@click.option("--out", type=FILE, required=True, help="Het prijsbestand dat gemaakt wordt.")
@click.option("--cutoff", help="Vastlegging of moment waarop gekeken wordt; zonder dit het laatste.")
@as_json
@click.pass_context
def index_prices(
    ctx: click.Context, name: str, percent: str, start: str, decimals: int, out: Path, cutoff: str | None, as_json: bool
) -> None:
    """Maak van de prijslijst NAME een prijsbestand met geïndexeerde prijzen.

    Er wordt niets vastgelegd: lees het bestand in als volgende versie van de prijslijst als het klopt.

    \b
    Voorbeeld:
      bekostiging tariff index-prices standaard --percent 4,96 --from 01-01-2027 --out prijzen-2027.csv
    """
    try:
        raised_by, first_day = parse_number(percent), parse_date(start)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    with database(ctx).transaction() as connection:
        known_at = resolve_cutoff(connection, cutoff) if cutoff else latest(connection)
        held = _held(connection, name, known_at)
        prices = prices_of(connection, [held.id])
    papers = [(out, indexed_price_file(prices, raised_by, first_day, decimals))]
    write_papers(papers, otherwise="kies een andere naam")
    if as_json:
        tell_json({"cutoff": known_at, **fields_of(held, "id"), "prices": len(prices), "file": str(out)})
        return
    say(
        f"{out}: prijslijst {name}, versie {held.version}, vanaf {format_date(first_day)} met "
        f"{format_number(raised_by)} % verhoogd ({counted(len(prices), 'prijs', 'prijzen')} gelezen)."
    )
    say(f"Inlezen als volgende versie: bekostiging tariff import {out} --list {name}")

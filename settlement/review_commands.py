"""`bekostiging contract review`: what to look at in a contract before it is signed."""

from collections.abc import Sequence
from pathlib import Path

import click

from contracts.acceptance import findings_in_themselves
from contracts.documents import Document, documents_as_read
from contracts.register import price_lists_for
from contracts.review import NO_PRICE_LISTS, PriceLists, review, review_catchments
from database.command_line import as_json
from database.session import database
from database.terminal import FILE, end_with_json, say, tell_warnings
from kernel.findings import Refusal
from kernel.notation import counted
from settlement.review import review_settled
from settlement.simulation import settle_example


@click.command("review")
@click.argument("files", metavar="CONTRACT...", nargs=-1, required=True, type=FILE)
@as_json
@click.pass_context
def review_command(ctx: click.Context, files: tuple[Path, ...], as_json: bool) -> None:
    """Wijs aan waar een contract gaten, sprongen of loze bepalingen heeft.

    Er is geen database nodig; is er een, dan wordt ook naar de prijslijsten gekeken. Zonder opmerkingen eindigt de
    opdracht met 0, met opmerkingen met 3; met 1 als een document zelf niet klopt, of een rekenvoorbeeld niet uitkomt.

    \b
    Voorbeeld:
      bekostiging contract review wijkteam.toml
    """
    documents = documents_as_read(files)
    sound = [document for document in documents if not document.findings]
    price_lists = _price_lists(ctx, sound)
    remarks = [remark for document in sound for remark in (*review(document, price_lists), *review_settled(document))]
    remarks += review_catchments(sound, {})
    if errors := findings_in_themselves(documents, settle_example):
        count = counted(len(errors), "bevinding", "bevindingen")
        raise Refusal(f"het contract klopt niet: {count}", "verbeter het document", (*errors, *remarks))
    if as_json:
        answer = {"contracts": [document.contract.number for document in documents], "findings": remarks}
        end_with_json(ctx, answer, needs_attention=remarks)
    if not remarks:
        click.echo("Geen opmerkingen.")
    tell_warnings(ctx, remarks)


def _price_lists(ctx: click.Context, documents: Sequence[Document]) -> PriceLists:
    """The price lists of the database, where there is one that can be reached."""
    store = database(ctx)
    if not store.is_there:
        return NO_PRICE_LISTS
    try:
        with store.transaction() as connection:
            return price_lists_for(connection, documents)
    except Refusal as refusal:
        say(f"Naar de prijslijsten is niet gekeken: {refusal.message}.", err=True)
        return NO_PRICE_LISTS

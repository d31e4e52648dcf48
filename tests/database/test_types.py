"""Money columns: to the cent, or refused."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, Integer, MetaData, Table, func, insert, select, text
from sqlalchemy.exc import IntegrityError, StatementError

from database.connection import open_engine, transaction
from database.metadata import metadata
from database.types import money
from kernel.money import Eur

amounts = Table(
    "amounts",
    MetaData(naming_convention=metadata.naming_convention),
    Column("id", Integer, primary_key=True, autoincrement=False),
    money("amount_eur"),
    money("claimed_eur", nullable=True),
)


@pytest.fixture
def connection(empty_database_url):
    engine = open_engine(empty_database_url)
    with transaction(engine, dry_run=True) as connection:
        amounts.create(connection)
        yield connection
    engine.dispose()


@pytest.mark.parametrize("amount", ["0.00", "0.01", "-0.01", "1132.45", "99999999999999999999999999.99"])
def test_an_amount_comes_back_as_it_was(connection, amount):
    connection.execute(insert(amounts).values(id=1, amount_eur=Eur(amount)))
    row = connection.execute(select(amounts)).one()
    assert (row.amount_eur, row.claimed_eur) == (Eur(amount), None)
    assert connection.execute(select(func.sum(amounts.c.amount_eur))).scalar() == Eur(amount)


@pytest.mark.parametrize("value", ["1.005", "1.001", "'NaN'", "'Infinity'", "'-Infinity'", "1.000"])
def test_what_is_not_exact_to_the_cent_is_refused_not_rounded(connection, value):
    with pytest.raises(IntegrityError, match="ck_amounts_amount_eur"), connection.begin_nested():
        connection.execute(text(f"INSERT INTO amounts VALUES (1, {value})"))
    with pytest.raises(IntegrityError, match="ck_amounts_claimed_eur"), connection.begin_nested():
        connection.execute(text(f"INSERT INTO amounts VALUES (1, 0, {value})"))


def test_an_amount_may_not_be_absent_unless_said(connection):
    with pytest.raises(IntegrityError, match="not-null"), connection.begin_nested():
        connection.execute(insert(amounts).values(id=1, amount_eur=None))


@pytest.mark.parametrize("value", [1.0, 1, "1.00", Decimal("1.00")])
def test_only_an_eur_goes_in(connection, value):
    with pytest.raises(StatementError, match="is stored as Eur"), connection.begin_nested():
        connection.execute(insert(amounts).values(id=1, amount_eur=value))


@given(st.integers(-(10**20), 10**20))
def test_binding_and_reading_are_inverse(cents):
    column = amounts.c.amount_eur.type
    amount = Eur.of_cents(cents)
    assert column.process_result_value(column.process_bind_param(amount, None), None) == amount

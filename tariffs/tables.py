"""Products and price lists, each in versions known from a recording."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Identity,
    Integer,
    Numeric,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import DATERANGE

from database.metadata import metadata

products = Table(
    "products",
    metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column("code", Text, nullable=False, unique=True),
)

# All rows of one product and one recording together are one version of that product.
product_versions = Table(
    "product_versions",
    metadata,
    Column("product_id", ForeignKey("products.id"), primary_key=True),
    Column("recording", ForeignKey("recordings.number"), primary_key=True),
    Column("valid_from", Date, primary_key=True),
    Column("valid_until", Date),
    Column("law", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("price_per", Text, nullable=False),
    Column("rounding", Text, nullable=False),
    Column("care_line", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("task_field", Text, nullable=False),
)

price_lists = Table(
    "price_lists",
    metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column("name", Text, nullable=False, unique=True),
)

price_versions = Table(
    "price_versions",
    metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column("price_list_id", ForeignKey("price_lists.id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("recording", ForeignKey("recordings.number"), nullable=False, unique=True),
    UniqueConstraint("price_list_id", "version"),
    CheckConstraint("version > 0", name="version_positive"),
)

# The primary key is temporal: (price_version_id, product_id, valid WITHOUT OVERLAPS), made by the migration.
prices = Table(
    "prices",
    metadata,
    Column("price_version_id", ForeignKey("price_versions.id"), primary_key=True),
    Column("product_id", ForeignKey("products.id"), primary_key=True),
    Column("valid", DATERANGE, primary_key=True),
    Column("price", Numeric, nullable=False),
    CheckConstraint("scale(price) <= 4 AND price >= 0 AND price < 'Infinity'", name="price_exact"),
)

# Figures that prices and budgets are indexed by: of one name, year and status the row of the latest recording holds.
index_figures = Table(
    "index_figures",
    metadata,
    Column("name", Text, primary_key=True),
    Column("year", Integer, primary_key=True),
    Column("status", Text, primary_key=True),
    Column("recording", ForeignKey("recordings.number"), primary_key=True),
    Column("percent", Numeric, nullable=False),
    CheckConstraint("status IN ('provisional', 'final')", name="status_known"),
    CheckConstraint("percent > -100 AND percent < 1000", name="percent_plausible"),
)

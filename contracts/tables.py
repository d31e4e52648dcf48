"""Parties and contracts, each in versions known from a recording."""

from sqlalchemy import Column, ForeignKey, Identity, Integer, Table, Text

from database.metadata import metadata

municipalities = Table(
    "municipalities",
    metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column("code", Text, nullable=False, unique=True),
)

providers = Table(
    "providers",
    metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column("agb_code", Text, nullable=False, unique=True),
)

municipality_versions = Table(
    "municipality_versions",
    metadata,
    Column("municipality_id", ForeignKey("municipalities.id"), primary_key=True),
    Column("recording", ForeignKey("recordings.number"), primary_key=True),
    Column("name", Text, nullable=False),
)

provider_versions = Table(
    "provider_versions",
    metadata,
    Column("provider_id", ForeignKey("providers.id"), primary_key=True),
    Column("recording", ForeignKey("recordings.number"), primary_key=True),
    Column("name", Text, nullable=False),
)

# A contract keeps its id through all its versions, so what was settled under one version is found under the next.
contracts = Table(
    "contracts",
    metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column("number", Text, nullable=False, unique=True),
)

# The document is stored whole, as it was written.
contract_versions = Table(
    "contract_versions",
    metadata,
    Column("contract_id", ForeignKey("contracts.id"), primary_key=True),
    Column("recording", ForeignKey("recordings.number"), primary_key=True),
    Column("document", Text, nullable=False),
    Column("sha256", Text, nullable=False),
)

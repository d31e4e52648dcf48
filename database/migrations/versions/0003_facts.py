"""Other facts that settlement needs: scores, referrals, households, accountability, determinations and planned moves.

Each table holds whole versions: of one key the row of the latest recording holds, and nothing is updated.
"""

from alembic import op

from database.recordings import append_only

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_TABLES = """
CREATE TABLE outcome_scores (
    contract_id INTEGER NOT NULL,
    indicator TEXT NOT NULL,
    period_from DATE NOT NULL,
    period_until DATE NOT NULL,
    status TEXT NOT NULL,
    score NUMERIC NOT NULL CONSTRAINT ck_outcome_scores_score CHECK (score > '-Infinity' AND score < 'Infinity'),
    numerator NUMERIC CONSTRAINT ck_outcome_scores_numerator CHECK (numerator > '-Infinity' AND numerator < 'Infinity'),
    denominator NUMERIC CONSTRAINT ck_outcome_scores_denominator CHECK (denominator > '-Infinity' AND denominator < 'Infinity'),
    withdrawn BOOLEAN NOT NULL,
    recording BIGINT NOT NULL,
    CONSTRAINT ck_outcome_scores_period CHECK (period_until > period_from),
    CONSTRAINT ck_outcome_scores_status_known CHECK (status IN ('provisional', 'final')),
    CONSTRAINT ck_outcome_scores_fraction CHECK (denominator <> 0 AND (numerator IS NULL) = (denominator IS NULL)),
    CONSTRAINT uq_outcome_scores_version UNIQUE NULLS NOT DISTINCT (contract_id, indicator, period_from, period_until, status, recording),
    CONSTRAINT fk_outcome_scores_contract_id FOREIGN KEY(contract_id) REFERENCES contracts (id),
    CONSTRAINT fk_outcome_scores_recording FOREIGN KEY(recording) REFERENCES recordings (number)
);

CREATE TABLE referrals (
    municipality_id INTEGER NOT NULL,
    reference TEXT NOT NULL,
    contract_id INTEGER,
    provider_id INTEGER,
    product_id INTEGER,
    category TEXT,
    period_from DATE NOT NULL,
    period_until DATE NOT NULL,
    referrer TEXT NOT NULL,
    counted INTEGER,
    client_id BIGINT,
    withdrawn BOOLEAN NOT NULL,
    recording BIGINT NOT NULL,
    CONSTRAINT ck_referrals_product_or_category CHECK ((product_id IS NULL) <> (category IS NULL)),
    CONSTRAINT ck_referrals_period CHECK (period_until > period_from),
    CONSTRAINT ck_referrals_referrer_known CHECK (referrer IN ('municipality', 'general_practitioner', 'youth_doctor', 'certified_institution', 'medical_specialist', 'judicial', 'none')),
    CONSTRAINT ck_referrals_to_somebody CHECK (contract_id IS NOT NULL OR provider_id IS NOT NULL),
    CONSTRAINT ck_referrals_counted_or_of_a_client CHECK ((counted IS NULL) <> (client_id IS NULL)),
    CONSTRAINT ck_referrals_counted_not_negative CHECK (counted >= 0),
    CONSTRAINT uq_referrals_version UNIQUE NULLS NOT DISTINCT (municipality_id, reference, recording),
    CONSTRAINT fk_referrals_municipality_id FOREIGN KEY(municipality_id) REFERENCES municipalities (id),
    CONSTRAINT fk_referrals_contract_id FOREIGN KEY(contract_id) REFERENCES contracts (id),
    CONSTRAINT fk_referrals_provider_id FOREIGN KEY(provider_id) REFERENCES providers (id),
    CONSTRAINT fk_referrals_product_id FOREIGN KEY(product_id) REFERENCES products (id),
    CONSTRAINT fk_referrals_client_id FOREIGN KEY(client_id) REFERENCES clients (id),
    CONSTRAINT fk_referrals_recording FOREIGN KEY(recording) REFERENCES recordings (number)
);

CREATE TABLE household_members (
    municipality_id INTEGER NOT NULL,
    client_id BIGINT NOT NULL,
    period_from DATE NOT NULL,
    period_until DATE,
    household BYTEA NOT NULL,
    withdrawn BOOLEAN NOT NULL,
    recording BIGINT NOT NULL,
    CONSTRAINT ck_household_members_period CHECK (period_until > period_from),
    CONSTRAINT ck_household_members_household_is_a_sha256 CHECK (octet_length(household) = 32),
    CONSTRAINT uq_household_members_version UNIQUE NULLS NOT DISTINCT (municipality_id, client_id, period_from, recording),
    CONSTRAINT fk_household_members_municipality_id FOREIGN KEY(municipality_id) REFERENCES municipalities (id),
    CONSTRAINT fk_household_members_client_id FOREIGN KEY(client_id) REFERENCES clients (id),
    CONSTRAINT fk_household_members_recording FOREIGN KEY(recording) REFERENCES recordings (number)
);

CREATE TABLE accountability_received (
    contract_id INTEGER NOT NULL,
    year INTEGER NOT NULL,
    kind TEXT NOT NULL,
    received_on DATE NOT NULL,
    verdict TEXT,
    amount_eur NUMERIC CONSTRAINT ck_accountability_received_amount_eur CHECK (scale(amount_eur) <= 2 AND amount_eur > '-Infinity' AND amount_eur < 'Infinity'),
    withdrawn BOOLEAN NOT NULL,
    recording BIGINT NOT NULL,
    CONSTRAINT ck_accountability_received_kind_known CHECK (kind IN ('production_statement', 'annual_accounts', 'auditor_statement', 'board_declaration', 'quality_report')),
    CONSTRAINT ck_accountability_received_verdict_known CHECK (verdict IN ('accepted', 'with_remarks', 'rejected')),
    CONSTRAINT uq_accountability_received_version UNIQUE NULLS NOT DISTINCT (contract_id, year, kind, recording),
    CONSTRAINT fk_accountability_received_contract_id FOREIGN KEY(contract_id) REFERENCES contracts (id),
    CONSTRAINT fk_accountability_received_recording FOREIGN KEY(recording) REFERENCES recordings (number)
);

CREATE TABLE determinations (
    contract_id INTEGER NOT NULL,
    year INTEGER NOT NULL,
    component TEXT,
    amount_eur NUMERIC NOT NULL CONSTRAINT ck_determinations_amount_eur CHECK (scale(amount_eur) <= 2 AND amount_eur > '-Infinity' AND amount_eur < 'Infinity'),
    decided_on DATE NOT NULL,
    reference TEXT NOT NULL,
    withdrawn BOOLEAN NOT NULL,
    recording BIGINT NOT NULL,
    CONSTRAINT uq_determinations_version UNIQUE NULLS NOT DISTINCT (contract_id, year, component, recording),
    CONSTRAINT fk_determinations_contract_id FOREIGN KEY(contract_id) REFERENCES contracts (id),
    CONSTRAINT fk_determinations_recording FOREIGN KEY(recording) REFERENCES recordings (number)
);

CREATE TABLE planned_moves (
    municipality_id INTEGER NOT NULL,
    reference TEXT NOT NULL,
    product_id INTEGER,
    category TEXT,
    from_provider_id INTEGER,
    from_region TEXT,
    from_scope TEXT,
    from_care_line TEXT,
    to_provider_id INTEGER,
    to_region TEXT,
    to_scope TEXT,
    to_care_line TEXT,
    share_percent NUMERIC CONSTRAINT ck_planned_moves_share_percent CHECK (share_percent > '-Infinity' AND share_percent < 'Infinity'),
    amount_eur NUMERIC CONSTRAINT ck_planned_moves_amount_eur CHECK (scale(amount_eur) <= 2 AND amount_eur > '-Infinity' AND amount_eur < 'Infinity'),
    planned_on DATE NOT NULL,
    status TEXT NOT NULL,
    withdrawn BOOLEAN NOT NULL,
    recording BIGINT NOT NULL,
    CONSTRAINT ck_planned_moves_product_or_category CHECK ((product_id IS NULL) <> (category IS NULL)),
    CONSTRAINT ck_planned_moves_share CHECK (share_percent > 0 AND share_percent <= 100),
    CONSTRAINT ck_planned_moves_amount_positive CHECK (amount_eur > 0),
    CONSTRAINT ck_planned_moves_share_or_amount CHECK ((share_percent IS NULL) <> (amount_eur IS NULL)),
    CONSTRAINT ck_planned_moves_status_known CHECK (status IN ('planned', 'confirmed', 'cancelled')),
    CONSTRAINT uq_planned_moves_version UNIQUE NULLS NOT DISTINCT (municipality_id, reference, recording),
    CONSTRAINT fk_planned_moves_municipality_id FOREIGN KEY(municipality_id) REFERENCES municipalities (id),
    CONSTRAINT fk_planned_moves_product_id FOREIGN KEY(product_id) REFERENCES products (id),
    CONSTRAINT fk_planned_moves_from_provider_id FOREIGN KEY(from_provider_id) REFERENCES providers (id),
    CONSTRAINT fk_planned_moves_to_provider_id FOREIGN KEY(to_provider_id) REFERENCES providers (id),
    CONSTRAINT fk_planned_moves_recording FOREIGN KEY(recording) REFERENCES recordings (number)
);
"""

_APPEND_ONLY = (
    "outcome_scores",
    "referrals",
    "household_members",
    "accountability_received",
    "determinations",
    "planned_moves",
)


def upgrade() -> None:
    op.execute(_TABLES)
    for table in _APPEND_ONLY:
        for statement in append_only(table):
            op.execute(statement)

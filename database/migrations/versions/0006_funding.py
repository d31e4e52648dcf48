"""What more ways of funding need: amounts above a maximum and passed on, assignments, trajectories, index figures."""

from alembic import op

from database.recordings import append_only

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_TREATMENTS = """
ALTER TABLE run_lines DROP CONSTRAINT ck_run_lines_treatment_known;
ALTER TABLE run_lines ADD CONSTRAINT ck_run_lines_treatment_known
    CHECK (treatment IN ('payable', 'shadow', 'unfunded', 'passed_on'));
"""

_TABLES = """
CREATE TABLE assignments (
    municipality_id INTEGER NOT NULL,
    number TEXT NOT NULL,
    provider_id INTEGER NOT NULL,
    product_id INTEGER NOT NULL,
    client_id BIGINT NOT NULL,
    period_from DATE NOT NULL,
    period_until DATE,
    volume BIGINT,
    per TEXT,
    withdrawn BOOLEAN NOT NULL,
    recording BIGINT NOT NULL,
    CONSTRAINT ck_assignments_period CHECK (period_until > period_from),
    CONSTRAINT ck_assignments_volume_positive CHECK (volume > 0),
    CONSTRAINT ck_assignments_per_known CHECK (per IN ('week', 'month', 'total')),
    CONSTRAINT ck_assignments_volume_per CHECK ((volume IS NULL) = (per IS NULL)),
    CONSTRAINT uq_assignments_version UNIQUE NULLS NOT DISTINCT (municipality_id, number, recording),
    CONSTRAINT fk_assignments_municipality_id FOREIGN KEY(municipality_id) REFERENCES municipalities (id),
    CONSTRAINT fk_assignments_provider_id FOREIGN KEY(provider_id) REFERENCES providers (id),
    CONSTRAINT fk_assignments_product_id FOREIGN KEY(product_id) REFERENCES products (id),
    CONSTRAINT fk_assignments_client_id FOREIGN KEY(client_id) REFERENCES clients (id),
    CONSTRAINT fk_assignments_recording FOREIGN KEY(recording) REFERENCES recordings (number)
);

CREATE TABLE trajectories (
    municipality_id INTEGER NOT NULL,
    number TEXT NOT NULL,
    provider_id INTEGER NOT NULL,
    product_id INTEGER NOT NULL,
    client_id BIGINT NOT NULL,
    period_from DATE NOT NULL,
    period_until DATE,
    done_percent NUMERIC CONSTRAINT ck_trajectories_done_percent CHECK (done_percent > '-Infinity' AND done_percent < 'Infinity'),
    result BOOLEAN NOT NULL,
    withdrawn BOOLEAN NOT NULL,
    recording BIGINT NOT NULL,
    CONSTRAINT ck_trajectories_period CHECK (period_until > period_from),
    CONSTRAINT ck_trajectories_done CHECK (done_percent BETWEEN 0 AND 100),
    CONSTRAINT ck_trajectories_stopped CHECK (done_percent IS NULL OR period_until IS NOT NULL),
    CONSTRAINT uq_trajectories_version UNIQUE NULLS NOT DISTINCT (municipality_id, number, recording),
    CONSTRAINT fk_trajectories_municipality_id FOREIGN KEY(municipality_id) REFERENCES municipalities (id),
    CONSTRAINT fk_trajectories_provider_id FOREIGN KEY(provider_id) REFERENCES providers (id),
    CONSTRAINT fk_trajectories_product_id FOREIGN KEY(product_id) REFERENCES products (id),
    CONSTRAINT fk_trajectories_client_id FOREIGN KEY(client_id) REFERENCES clients (id),
    CONSTRAINT fk_trajectories_recording FOREIGN KEY(recording) REFERENCES recordings (number)
);

CREATE TABLE index_figures (
    name TEXT NOT NULL,
    year INTEGER NOT NULL,
    status TEXT NOT NULL,
    recording BIGINT NOT NULL,
    percent NUMERIC NOT NULL,
    CONSTRAINT pk_index_figures PRIMARY KEY (name, year, status, recording),
    CONSTRAINT ck_index_figures_status_known CHECK (status IN ('provisional', 'final')),
    CONSTRAINT ck_index_figures_percent_plausible CHECK (percent > -100 AND percent < 1000),
    CONSTRAINT fk_index_figures_recording FOREIGN KEY(recording) REFERENCES recordings (number)
);
"""


def upgrade() -> None:
    op.execute(_TREATMENTS)
    op.execute(_TABLES)
    for table in ("assignments", "trajectories", "index_figures"):
        for statement in append_only(table):
            op.execute(statement)

"""Work that is done by itself every month, and what came of it. Jobs are added and ended; attempts are added."""

from alembic import op

from database.recordings import append_only

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_TABLES = """
CREATE TABLE jobs (
    id INTEGER GENERATED ALWAYS AS IDENTITY,
    kind TEXT NOT NULL,
    day SMALLINT NOT NULL,
    at TIME WITHOUT TIME ZONE NOT NULL,
    month TEXT,
    folder TEXT,
    accounts TEXT,
    added_at TIMESTAMP WITH TIME ZONE NOT NULL,
    added_by TEXT NOT NULL,
    recording BIGINT NOT NULL,
    CONSTRAINT pk_jobs PRIMARY KEY (id),
    CONSTRAINT ck_jobs_kind_known CHECK (kind IN ('settle', 'remind', 'export')),
    CONSTRAINT ck_jobs_day_of_a_month CHECK (day BETWEEN 1 AND 31),
    CONSTRAINT ck_jobs_month_known CHECK (month IN ('previous', 'current', 'next')),
    CONSTRAINT ck_jobs_folder_of_an_export CHECK ((kind = 'export') = (folder IS NOT NULL)),
    CONSTRAINT ck_jobs_month_of_the_others CHECK ((kind = 'export') = (month IS NULL)),
    CONSTRAINT ck_jobs_accounts_of_an_export CHECK (accounts IS NULL OR kind = 'export')
);

CREATE TABLE job_endings (
    job_id INTEGER NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    by TEXT NOT NULL,
    CONSTRAINT pk_job_endings PRIMARY KEY (job_id),
    CONSTRAINT fk_job_endings_job_id FOREIGN KEY(job_id) REFERENCES jobs (id)
);

CREATE TABLE job_attempts (
    job_id INTEGER NOT NULL,
    due_on DATE NOT NULL,
    attempt INTEGER NOT NULL,
    result TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    message TEXT NOT NULL,
    run_id INTEGER,
    recording BIGINT NOT NULL,
    CONSTRAINT pk_job_attempts PRIMARY KEY (job_id, due_on, attempt),
    CONSTRAINT ck_job_attempts_result_known CHECK (result IN ('done', 'failed', 'covered')),
    CONSTRAINT fk_job_attempts_job_id FOREIGN KEY(job_id) REFERENCES jobs (id),
    CONSTRAINT fk_job_attempts_run_id FOREIGN KEY(run_id) REFERENCES runs (id)
);

CREATE UNIQUE INDEX uq_job_attempts_done_once ON job_attempts (job_id, due_on) WHERE result <> 'failed';
"""


def upgrade() -> None:
    op.execute(_TABLES)
    for table in ("jobs", "job_endings", "job_attempts"):
        for statement in append_only(table):
            op.execute(statement)

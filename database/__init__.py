"""PostgreSQL: the embedded server, connections, the one place that commits, recordings, migrations, column types."""

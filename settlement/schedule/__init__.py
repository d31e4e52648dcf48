"""Work that is done by itself every month. What is to be done, and what was, stands in the database."""

"""The report of an external validation, its tables and files."""

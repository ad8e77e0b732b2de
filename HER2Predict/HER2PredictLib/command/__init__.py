"""The command `her2predict`, one file a subcommand; `main` parses and runs."""

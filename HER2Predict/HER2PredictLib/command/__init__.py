"""The command `her2predict`: `main` parses and runs, the other files hold the subcommands and what they share."""

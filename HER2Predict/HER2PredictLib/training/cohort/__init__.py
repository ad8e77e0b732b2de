"""A table of patients in, their features out, with who was left out and why, and what the table shows."""

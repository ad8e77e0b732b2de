"""What TRIPOD+AI and CLAIM ask of a report, and where this one answers."""

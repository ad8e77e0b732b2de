"""What the panel says, in rich text."""

"""The report of a study as one page, its sentences and tables, the model card, the guidelines' items."""

"""What is kept of a result: a row of the history, tables, files, DICOM objects, by the buttons of one section."""

"""Tables that spreadsheet programs open: CSV and XLSX."""

"""The simulated months take two minutes: `make history` runs them, the daily suite does not."""

import os

collect_ignore = [] if os.environ.get("CAIO_HISTORY") == "1" else ["test_two_months.py"]

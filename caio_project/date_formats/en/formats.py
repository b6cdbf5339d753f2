"""American moments with the zone's abbreviation: "Nov 30, 2026, 2:39 PM EST"."""

DATETIME_FORMAT = "M j, Y, g:i A T"
SHORT_DATETIME_FORMAT = DATETIME_FORMAT

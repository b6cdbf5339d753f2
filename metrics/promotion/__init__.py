"""Moving between phases, and the page of the phase."""

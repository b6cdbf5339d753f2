"""The gates between phases: measures, samples, intervals, verdicts. No data is never a pass."""

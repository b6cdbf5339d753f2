"""The overview: flow, what waits where and since when, experiments."""

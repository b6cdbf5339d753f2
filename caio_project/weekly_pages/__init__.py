"""Pages for the weekly work of a Lead: templates, follow-ups, segments, the diagnosis."""

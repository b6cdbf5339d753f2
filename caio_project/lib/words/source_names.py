"""How pages name where an event or a fact came from."""

SOURCE_NAMES = {
    "rb2b": "RB2B", "api": "API", "import": "Import", "clay": "Clay", "ghl": "GoHighLevel",
    "ghl_workflow": "GoHighLevel workflow", "ghl_poll": "GoHighLevel, polled",
}  # fmt: skip

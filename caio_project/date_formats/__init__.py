"""How Django itself writes moments, as in the admin: with the zone. See FORMAT_MODULE_PATH."""

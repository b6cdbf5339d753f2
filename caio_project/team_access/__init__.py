"""How people and programs get in: API keys, second factors, and the record of sign-ins."""

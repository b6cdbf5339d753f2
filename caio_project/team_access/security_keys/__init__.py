"""Security keys (WebAuthn) as second factors, beside codes."""

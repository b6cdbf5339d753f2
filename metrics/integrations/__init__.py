"""DNS lookups of SPF, DKIM and DMARC."""

"""What is about requests: problem JSON, paging, API keys, webhooks, content security policy."""

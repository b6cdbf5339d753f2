"""What other programs watch: figures for Prometheus. docs/watching.md lists them."""

"""Local HTTP peers standing in for RB2B, Clay, GoHighLevel, Slack and a language model."""

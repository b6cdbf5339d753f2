"""Local HTTP peers standing in for RB2B, Clay, GoHighLevel and Slack."""

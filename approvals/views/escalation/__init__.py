"""The pages of escalation: ladders, business calendar, the order of people, who is away."""

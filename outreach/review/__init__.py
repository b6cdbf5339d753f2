"""What approving, rejecting and editing do to an email, and what is looked up for whoever decides.

Who may decide is asked in `approvals.decisions`.
"""

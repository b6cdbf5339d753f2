"""Quality scores of emails by people: on the desk and by file, and what they average."""

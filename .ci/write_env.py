"""Write .env for a first run, with vendors in the sandbox and new secrets, unless there is one."""

import os
import secrets
import sys
from pathlib import Path

TEXT = f"""\
# Written by `make run`. Every setting is explained in .env.example.
DEBUG=true
SECRET_KEY={secrets.token_urlsafe(50)}
RB2B_WEBHOOK_TOKENS={secrets.token_urlsafe(24)}
SENDER_NAME=Alex Moreno
POSTAL_ADDRESS=1 Example Street, Columbus, OH 43004
"""

path = Path(__file__).resolve().parent.parent / ".env"
try:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
except FileExistsError:
    sys.exit(0)
with os.fdopen(file, "w") as out:
    out.write(TEXT)
print("Wrote .env with new secrets; GoHighLevel and Clay are in the sandbox until it names them.")

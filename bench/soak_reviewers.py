"""The reviewers of bench/soak.py: one decides by the API, one at the desk, both while web processes
are killed.
"""

import re
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import requests

API_EVERY, DESK_EVERY = 18.0, 25.0  # seconds between two decisions
MOST_APPROVED = 90  # of the 100 that the phase lets out in a day
ONE_REJECTED_IN = 4
ACTIONS = {"approved": "approve", "rejected": "reject"}
CSRF = "s" * 32
TAG, REASON = "weak_subject", "The subject says nothing about their freight."
SHOWN = re.compile(
    r'name="version" value="(\d+)"><input type="hidden" name="shown" value="([^"]+)"'
)
READING = 20.0  # seconds, more than the longest of these emails asks for


@dataclass
class Reviewers:
    """`told` are the decisions that an answer confirmed, by email and verdict."""

    url: str
    key: str
    session: str
    told: list[tuple[str, str]] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)
    _turns: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def by_api(self, over: threading.Event) -> None:
        headers = {"Authorization": f"Bearer {self.key}"}
        while not over.wait(API_EVERY):
            found = self._ask("api", "GET", "/api/pending-emails", headers=headers)
            waiting = found.json()["results"] if found is not None and found.ok else []
            if waiting:
                row, verdict = waiting[-1], self._next_verdict()
                said: dict[str, Any] = {"version": row["version"]}
                said |= {"tag": TAG, "reason": REASON} if verdict == "rejected" else {}
                path = f"/api/emails/{row['id']}/{ACTIONS[verdict]}"
                answer = self._ask("api", "POST", path, headers=headers, json=said)
                self._note(row["id"], verdict, answer, confirmed=(200,))

    def at_the_desk(self, over: threading.Event) -> None:
        cookies = {"sessionid": self.session, "csrftoken": CSRF}
        headers = {"X-CSRFToken": CSRF}
        while not over.wait(DESK_EVERY):
            queue = self._ask("desk", "GET", "/sales/queue", cookies=cookies)
            ids = re.findall(
                r"/sales/queue/([0-9a-f-]{36})", queue.text if queue is not None else ""
            )
            if not ids:
                continue
            page = self._ask("desk", "GET", f"/sales/queue/{ids[0]}", cookies=cookies)
            shown = SHOWN.search(page.text) if page is not None else None
            if not shown or over.wait(READING):
                continue
            verdict = self._next_verdict()
            form = {"version": shown[1], "shown": shown[2]}
            form |= {"tag": TAG, "reason": REASON} if verdict == "rejected" else {}
            answer = self._ask(
                *("desk", "POST", f"/sales/queue/{ids[0]}/{ACTIONS[verdict]}"),
                cookies=cookies,
                headers=headers,
                data=form,
                allow_redirects=False,
            )
            self._note(ids[0], verdict, answer, confirmed=(303,))

    def _next_verdict(self) -> str:
        with self._lock:
            self._turns += 1
            approved = sum(verdict == "approved" for _, verdict in self.told)
            is_full = approved >= MOST_APPROVED
            return "rejected" if is_full or not self._turns % ONE_REJECTED_IN else "approved"

    def _note(self, email: str, verdict: str, answer: Any, confirmed: tuple[int, ...]) -> None:
        if answer is not None and answer.status_code in confirmed:
            with self._lock:
                self.told.append((email, verdict))

    def _ask(self, who: str, method: str, path: str, **more: Any) -> requests.Response | None:
        """None where the connection broke: its process was killed."""
        try:
            answer = requests.request(method, self.url + path, timeout=30, **more)
        except requests.RequestException as error:
            self.answers[f"{who} {type(error).__name__}"] += 1
            time.sleep(1)
            return None
        self.answers[f"{who} {method} {answer.status_code}"] += 1
        return answer

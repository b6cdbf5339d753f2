"""Print how much the tests reach, and fail where the pure rules are not reached to the last branch.

python .ci/coverage_report.py FOLDER, where `pytest -p tests.coverage` has put one file a worker.
"""

import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import slipcover
from pure_rules import list_rule_files


def main() -> int:
    first, *others = sorted(Path(sys.argv[1]).glob("*.json"))
    found = json.loads(first.read_text())
    for other in others:
        slipcover.merge_coverage(found, json.loads(other.read_text()))
    files = found["files"]
    print_packages(files)
    return check_rules({path.as_posix(): files.get(path.as_posix()) for path in list_rule_files()})


def print_packages(files: dict[str, Any]) -> None:
    packages: dict[str, list[Any]] = defaultdict(list)
    for path, file in files.items():
        packages[
            "/".join(path.split("/")[:2]) if path.count("/") > 1 else path.split("/")[0]
        ].append(file)
    for name in sorted(packages):
        print_share(name, packages[name])
    print_share("everything", list(files.values()))


def print_share(name: str, files: list[Any]) -> None:
    statements = share_of(files, "lines")
    branches = share_of(files, "branches")
    print(f"{name:32} statements {statements:6.1%}   branches {branches:6.1%}")


def share_of(files: list[Any], kind: str) -> float:
    reached = sum(len(file[f"executed_{kind}"]) for file in files)
    missed = sum(len(file[f"missing_{kind}"]) for file in files)
    return reached / (reached + missed) if reached + missed else 1.0


def check_rules(rules: dict[str, Any]) -> int:
    """Statements and branches of each pure rule must all be reached."""
    failed = 0
    for path, file in rules.items():
        if file is None:
            failed += 1
            print(f"{path}: not measured")
        elif file["missing_lines"] or file["missing_branches"]:
            failed += 1
            branches = ", ".join(f"{start}->{end}" for start, end in file["missing_branches"])
            print(f"{path}: missing lines {file['missing_lines']}, branches {branches or 'none'}")
    print(f"{'pure rules':32} {len(rules) - failed} of {len(rules)} files reached entirely")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())

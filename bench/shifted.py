"""Run a module some hours or days ahead of the real clock, with the processes that it forks.

    python -m bench.shifted AHEAD gunicorn --config gunicorn.conf.py

AHEAD is in seconds, so that all processes of a run share one clock.
"""

import runpy
import sys
import time

import time_machine

if __name__ == "__main__":
    ahead, module = float(sys.argv[1]), sys.argv[2]
    sys.argv = sys.argv[2:]
    with time_machine.travel(time.time() + ahead, tick=True):
        runpy.run_module(module, run_name="__main__", alter_sys=True)

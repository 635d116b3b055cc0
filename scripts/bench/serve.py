"""What scripts of peers have in common: they read a task a line as JSON, do it, and answer with a line that says what it took.

bench.py starts them with the postmaster's process id.
"""

import gc
import json
import os
import resource
import sys
import time

from measure import children_seconds, stat

POSTMASTER = int(sys.argv[1])
THREADS = 2


class Stages:
    """Splits the time of a task."""

    def __init__(self):
        self.seconds, self.last = {}, time.perf_counter()

    def end(self, name):
        now = time.perf_counter()
        self.seconds[name] = self.seconds.get(name, 0) + now - self.last
        self.last = now


def used_by_client():
    """CPU seconds of this process and of the programs it has run."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def sessions():
    """The backends that there are: the postmaster's children."""
    found = set()
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            if int(stat(name)[1]) == POSTMASTER:
                found.add(name)
        except OSError:
            pass
    return found


def wait_for_end(known):
    """A backend is counted when it has ended, which is a little later than its client's connection."""
    deadline = time.monotonic() + 10
    while sessions() - known and time.monotonic() < deadline:
        time.sleep(0.01)


def run(tasks, task, table):
    gc.collect()
    tasks.get(f"before_{task}", lambda _table: None)(table)
    known = sessions()
    before = used_by_client(), children_seconds(POSTMASTER)
    stages = Stages()
    started = time.perf_counter()
    quality = tasks[task](stages, table)
    wall = time.perf_counter() - started
    client = used_by_client() - before[0]
    wait_for_end(known)
    server = children_seconds(POSTMASTER) - before[1]
    return {"wall": wall, "cpu": client + server, "stages": stages.seconds, "result": quality() if quality else None}


def serve(tasks, versions):
    """Does what is asked for until there is no more. Each task is a function of the stages it tells and of the table, and may give another
    that judges the result; what before_TASK does with the table is not counted."""
    # Native libraries may print: answers go to the real output, all else to the error output.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    print(json.dumps({"versions": versions}), file=answers, flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        print(json.dumps(run(tasks, request["task"], request["table"])), file=answers, flush=True)

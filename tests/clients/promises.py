"""What the programs beside this one share: promises that hold or do not, and how late a statement ends that is out of time."""

import os
import threading
import time

import psycopg

failed = 0
# Where there is time for all, for variants of what another case shows, too.
EXHAUSTIVE = bool(os.environ.get("EXHAUSTIVE"))
# Seconds of a statement within which it is stopped.
LONGEST = 3 if EXHAUSTIVE else 2


def check(name, holds, found=""):
    """Prints 'ok - NAME' or 'not ok - NAME'."""
    global failed
    failed += not holds
    print(f"{'ok' if holds else 'not ok'} - {name}" + ("" if holds else f": {found}"), flush=True)


class Queue(threading.Thread):
    """From a moment on, how long a backend and this program wait for a processor, which others keep busy: what is late by that says nothing
    of assay. Waits are looked at while they come about, for a thread that has ended tells nothing; one that is missed counts as late."""

    def __init__(self, backend, moment):
        super().__init__(daemon=True)
        self.threads = {"backend": (backend, None), "program": (os.getpid(), threading.get_native_id())}
        self.moment, self.done, self.before, self.now = moment, threading.Event(), {}, {}

    def look(self):
        for process, (pid, only) in self.threads.items():
            try:
                tasks = [only] if only else os.listdir(f"/proc/{pid}/task")
            except OSError:  # Another system than Linux.
                continue
            for task in tasks:
                try:
                    with open(f"/proc/{pid}/task/{task}/schedstat") as file:
                        self.now[process, task] = int(file.read().split()[1]) / 1e9
                except OSError:  # It has just ended.
                    pass

    def run(self):
        if self.done.wait(max(0, self.moment - time.monotonic())):
            return
        self.look()
        self.before = dict(self.now)
        while not self.done.wait(0.005):
            self.look()

    def waited(self):
        """In seconds: of the threads of the backend, which wait at the same time, the one that waited longest, and this program after it."""
        self.done.set()
        self.join()
        if not self.before:
            return 0
        self.look()
        return sum(max((self.now[p, task] - self.before.get((p, task), 0) for p, task in self.now if p == process), default=0) for process in self.threads)


def learners(connection):
    """The names of all learners of rows, by the list that an error gives, each with the tasks that it can learn."""
    def error(algorithm, task=None):
        try:
            connection.execute("SELECT assay.train('learners', 'SELECT 1 AS x, 1 AS y', 'y', %s, task => %s)", (algorithm, task))
        except psycopg.Error as refused:
            return refused.diag
    names = error("none").message_hint.removeprefix("The algorithms are ").removesuffix(".").split(", ")
    known = ("classification", "regression", "clustering", "anomaly_detection", "dimension_reduction", "forecasting")
    able = {name: [task for task in known if "cannot learn" not in error(name, task).message_primary] for name in names}
    return {name: tasks for name, tasks in able.items() if tasks != ["forecasting"]}


def target_for(tasks, label, number):
    """What a learner is given to predict: a column of labels or one of numbers; None where it predicts none."""
    if "classification" in tasks:
        return label
    return number if "regression" in tasks else None


def without_limit(connection):
    """Takes a time limit back. One of a few milliseconds may end this, too, where the machine is busy."""
    for attempt in range(20):
        try:
            connection.execute("RESET statement_timeout")
            return
        except psycopg.errors.QueryCanceled:
            if attempt == 19:
                raise


def lateness(connection, statement, parameters, limit):
    """How long after its time limit a statement ended, in seconds of a machine that nothing else keeps busy, the best of three; None when it
    ended by itself. A PostgreSQL that tests its own assumptions is some times slower, and is given as much."""
    late = []
    slowness = 4 if connection.execute("SHOW debug_assertions").fetchone()[0] == "on" else 1
    for _ in range(3):
        milliseconds = int(limit * 1000)
        connection.execute(f"SET statement_timeout = {milliseconds}")
        end = time.monotonic() + milliseconds / 1000
        queue = Queue(connection.info.backend_pid, end)
        queue.start()
        try:
            connection.execute(statement, parameters)
            return None
        except psycopg.errors.QueryCanceled:
            late.append((time.monotonic() - end - queue.waited()) / slowness)
        finally:
            queue.waited()
            without_limit(connection)
        if late[-1] < 0.08:
            break
    return min(late)


def undone(statement):
    """A statement that is done and undone, so that it can be done again."""
    return f"DO $$BEGIN BEGIN PERFORM {statement}; RAISE EXCEPTION 'undone'; EXCEPTION WHEN raise_exception THEN NULL; END; END$$"


def check_ends(connection, what, statement, parameters, limit):
    """Promises that a statement ends within 100 ms of its time limit."""
    late = lateness(connection, statement, parameters, limit)
    check(f"statement_timeout ends it within 100 ms: {what}", late is not None and late < 0.1,
          "it ended by itself" if late is None else f"{late:.3f} s late")


def check_ends_anywhere(connection, what, statement, parameters, points, longest=LONGEST):
    """Promises the same of limits that are spread over the time that a statement takes. What takes longer is stopped in its first seconds, the last time at
    the end of these."""
    started = time.monotonic()
    last = lateness(connection, statement, parameters, longest)
    whole, found = (longest, [last]) if last is not None else (time.monotonic() - started, [])
    others = points - len(found)
    for point in range(others):
        # What ends by itself was slower at first, with a cold cache or a busy machine.
        for _ in range(2):
            started = time.monotonic()
            seconds = lateness(connection, statement, parameters, whole * (point + 0.5) / others)
            if seconds is not None:
                break
            whole = min(whole, time.monotonic() - started)
        found.append(seconds)
    late = [seconds for seconds in found if seconds is not None]
    check(f"it ends within 100 ms of being out of time: {what}", len(late) >= points // 2 and max(late) < 0.1, f"late by {found} s of {whole:.3f}")

"""What the programs beside this one share: promises that hold or do not, and how late a statement ends that is out of time."""

import time

import psycopg

failed = 0


def check(name, holds, found=""):
    """Prints 'ok - NAME' or 'not ok - NAME'."""
    global failed
    failed += not holds
    print(f"{'ok' if holds else 'not ok'} - {name}" + ("" if holds else f": {found}"), flush=True)


def lateness(connection, statement, parameters, limit):
    """How long after its time limit a statement ended, in seconds, the best of three, for the machine may be busy; None when it ended by
    itself. A PostgreSQL that tests its own assumptions is some times slower, and is given as much."""
    late = []
    slowness = 4 if connection.execute("SHOW debug_assertions").fetchone()[0] == "on" else 1
    for _ in range(3):
        milliseconds = int(limit * 1000)
        connection.execute(f"SET statement_timeout = {milliseconds}")
        started = time.monotonic()
        try:
            connection.execute(statement, parameters)
            return None
        except psycopg.errors.QueryCanceled:
            late.append((time.monotonic() - started - milliseconds / 1000) / slowness)
        finally:
            connection.execute("RESET statement_timeout")
        if late[-1] < 0.08:
            break
    return min(late)


def check_ends(connection, what, statement, parameters, limit):
    """Promises that a statement ends within 100 ms of its time limit."""
    late = lateness(connection, statement, parameters, limit)
    check(f"statement_timeout ends it within 100 ms: {what}", late is not None and late < 0.1,
          "it ended by itself" if late is None else f"{late:.3f} s late")

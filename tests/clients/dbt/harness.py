"""Runs dbt in the folder that is current, and says what holds: 'ok - NAME' or 'not ok - NAME' for each promise."""

import contextlib
import io

import psycopg2
from dbt.cli.main import dbtRunner

dbt = dbtRunner()
database = psycopg2.connect("")
database.autocommit = True
broken = []


def check(name, holds, found=""):
    if not holds:
        broken.append(name)
    print(f"{'ok' if holds else 'not ok'} - {name}" + ("" if holds else f": {found}"), flush=True)


def failures():
    return len(broken)


def sql(text, *parameters):
    with database.cursor() as cursor:
        cursor.execute(text, parameters or None)
        return cursor.fetchall() if cursor.description else None


def run(*arguments):
    """What dbt says: whether all went well, the status and message of each node by its name, and the text."""
    with contextlib.redirect_stdout(io.StringIO()) as text:
        done = dbt.invoke(list(arguments))
    print(text.getvalue(), done.exception or "")
    nodes = {each.node.name: (str(each.status), each.message or "") for each in getattr(done.result, "results", []) if hasattr(each, "node")}
    return done.success, nodes, text.getvalue()


def statuses(nodes, *names):
    return [nodes.get(name, ("absent",))[0] for name in names]

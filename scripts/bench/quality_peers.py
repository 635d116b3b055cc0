"""What a data engineer does today with the same table: run dbt's tests or Great Expectations, SUMMARIZE it in DuckDB, or ask Evidently."""

import atexit
import importlib.metadata
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import adbc_driver_postgresql.dbapi as adbc
import duckdb
import psycopg2

from quality_checks import WITH_REGEX, WITHOUT_REGEX, dbt_test
from serve import serve

os.environ["DO_NOT_TRACK"] = "1"
os.environ["DBT_SEND_ANONYMOUS_USAGE_STATS"] = "false"
HERE = pathlib.Path(__file__).resolve().parent
FOLDER = pathlib.Path(tempfile.mkdtemp(prefix="assay-peers-"))
atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)
SETS = {"with": WITH_REGEX, "without": WITHOUT_REGEX}

# What one task leaves for the next.
kept = {}


def project(regex, table):
    """A dbt project whose tests are those checks, parsed as after its first run. JSON is YAML."""
    folder = FOLDER / f"dbt_{regex}_regex"
    if folder.exists():
        return folder
    tests = [{name: {"name": f"check_{number}", "arguments": arguments}} for number, (name, arguments) in enumerate(map(dbt_test, SETS[regex]))]
    files = {
        "dbt_project.yml": {"name": "bench", "version": "1.0", "profile": "bench", "flags": {"require_generic_test_arguments_property": True}},
        "profiles.yml": {"bench": {"target": "it", "outputs": {"it": {
            "type": "postgres", "host": os.environ["PGHOST"], "port": int(os.environ["PGPORT"]), "user": os.environ["PGUSER"], "pass": "",
            "dbname": os.environ["PGDATABASE"], "schema": "public", "threads": 2}}}},
        "models/sources.yml": {"sources": [{"name": "bench", "schema": "public", "tables": [{"name": table, "data_tests": tests}]}]},
    }
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(json.dumps(content))
    (folder / "macros").mkdir()
    shutil.copy(HERE.parents[1] / "tests" / "oracle" / "checks_dbt.sql", folder / "macros" / "tests.sql")
    dbt(folder, "parse")
    return folder


def dbt(folder, command):
    """A whole run of dbt. It answers 1 when tests fail, and more when it fails itself."""
    program = pathlib.Path(sys.executable).with_name("dbt")
    done = subprocess.run([program, "--quiet", command, "--project-dir", folder, "--profiles-dir", folder, "--log-path", folder / "logs"],
                          stdout=subprocess.DEVNULL)
    if done.returncode > 1:
        raise SystemExit(f"dbt {command} ended with {done.returncode}")


def dbt_checks(regex, table):
    folder = project(regex, table)
    dbt(folder, "test")
    def result():
        statuses = [one["status"] for one in json.loads((folder / "target" / "run_results.json").read_text())["results"]]
        if "error" in statuses:
            raise SystemExit("a test of dbt's has an error")
        return {"checks": len(statuses), "failed": statuses.count("fail")}
    return result


def gx_checks(regex, table):
    done = subprocess.run([sys.executable, HERE / "quality_gx.py", table, regex], stdout=subprocess.PIPE, check=True)
    return lambda: json.loads(done.stdout)


before_dbt_with = lambda table: project("with", table)
before_dbt_without = lambda table: project("without", table)
dbt_with = lambda _stages, table: dbt_checks("with", table)
dbt_without = lambda _stages, table: dbt_checks("without", table)
gx_with = lambda _stages, table: gx_checks("with", table)
gx_without = lambda _stages, table: gx_checks("without", table)


def connect():
    return psycopg2.connect(host=os.environ["PGHOST"], user=os.environ["PGUSER"], dbname=os.environ["PGDATABASE"])


def into_duckdb(threads, table):
    """The rows in DuckDB's own file, copied there once."""
    if "duckdb" not in kept:
        rows = FOLDER / "rows.csv"
        types = {"int4": "INTEGER", "float8": "DOUBLE", "text": "VARCHAR", "bool": "BOOLEAN"}
        with connect() as connection, connection.cursor() as cursor, open(rows, "w") as file:
            cursor.execute("SELECT attname, typname FROM pg_attribute JOIN pg_type t ON t.oid = atttypid "
                           "WHERE attrelid = %s::regclass AND attnum > 0 ORDER BY attnum", [table])
            columns = {name: types[kind] for name, kind in cursor.fetchall()}
            cursor.copy_expert(f"COPY {table} TO STDOUT (FORMAT csv)", file)
        connection.close()
        kept["duckdb"] = duckdb.connect(FOLDER / "rows.duckdb")
        kept["duckdb"].execute(f"CREATE TABLE bench AS FROM read_csv('{rows}', header = false, columns = {columns})")
        kept["duckdb"].execute("CHECKPOINT")
        rows.unlink()
    kept["duckdb"].execute(f"SET threads = {threads}")


def summarize(_stages, _table):
    kept["duckdb"].execute("SUMMARIZE bench").fetchall()


before_summarize_1 = lambda table: into_duckdb(1, table)
before_summarize_2 = lambda table: into_duckdb(2, table)
summarize_1 = summarize_2 = summarize


def before_drift(_table):
    """A program that watches for drift has Evidently loaded."""
    from evidently import Report
    from evidently.presets import DataDriftPreset
    kept["report"] = lambda: Report([DataDriftPreset()])


def drift(stages, table):
    """The first half of the rows as the reference, the second as what is compared with it."""
    with adbc.connect(f"postgresql:///?user={os.environ['PGUSER']}") as connection, connection.cursor() as cursor:
        frames = []
        for half in ("reference", "current"):
            cursor.execute(f"SELECT * FROM {table}_{half}")
            frames.append(cursor.fetch_arrow_table().to_pandas())
    stages.end("fetch")
    reference, current = frames
    answer = kept["report"]().run(current, reference).dict()
    stages.end("report")
    return lambda: {"drifted": answer["metrics"][0]["value"]["count"]}


def forget(_stages, _table):
    if "duckdb" in kept:
        kept["duckdb"].close()
    kept.clear()


serve(globals(), {name: importlib.metadata.version(name) for name in
                  ("dbt-core", "dbt-postgres", "great_expectations", "SQLAlchemy", "duckdb", "evidently", "pandas")})

"""Writes checks.json: what dbt and Great Expectations (GX) say of the checks of checks_cases.py on the tables of checks.csv.

Run in an environment made from requirements-quality.txt, with PGHOST and PGUSER of a PostgreSQL in which a database may be made:

    python checks_table.py && python checks.py

dbt has four tests of its own; the others are of the packages dbt_utils and dbt_expectations, restated in checks_dbt.sql and run by dbt.
Where GX has no expectation of its own it is given a query for the rows that fail: restated, too.
`failed` is dbt's number of failing records, which are rows, values, or one for the whole table, and GX's number of unexpected rows.
"""

import importlib.metadata
import json
import os
import pathlib
import subprocess
import tempfile

os.environ["GX_ANALYTICS_ENABLED"] = os.environ["DBT_SEND_ANONYMOUS_USAGE_STATS"] = "false"

import great_expectations
import psycopg2
from dbt.cli.main import dbtRunner

from checks_cases import CASES, REASONS

HERE = pathlib.Path(__file__).parent
DATABASE = "assay_oracle"


def make_tables():
    for command in (["dropdb", "--if-exists", DATABASE], ["createdb", DATABASE],
                    ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", DATABASE, "-f", "checks.sql"]):
        subprocess.run(command, cwd=HERE, check=True, stdout=subprocess.DEVNULL)


def dbt_project(folder):
    """A project without models, whose source has every check as a test. JSON is YAML."""
    tests = []
    for number, one in enumerate(CASES):
        if one["dbt"]:
            name, arguments = one["dbt"]
            config = {name: one["check"][name] for name in ("where", "warn_if", "error_if") if name in one["check"]}
            tests.append({name.rpartition(".")[2]: {"name": f"case_{number}", "arguments": arguments, "config": config}})
    files = {
        "dbt_project.yml": {"name": "oracle", "version": "1.0", "profile": "oracle", "flags": {"require_generic_test_arguments_property": True}},
        "profiles.yml": {"oracle": {"target": "it", "outputs": {"it": {
            "type": "postgres", "host": os.environ["PGHOST"], "port": 5432, "user": os.environ["PGUSER"], "pass": "", "dbname": DATABASE,
            "schema": "public", "threads": 1}}}},
        "models/sources.yml": {"sources": [{"name": "oracle", "schema": "public", "tables": [
            {"name": "checks", "data_tests": tests}, {"name": "checks_parent"}]}]},
    }
    for name, content in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(json.dumps(content))
    (folder / "macros").mkdir()
    (folder / "macros" / "tests.sql").write_text((HERE / "checks_dbt.sql").read_text())


def dbt_answers():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        dbt_project(folder)
        run = dbtRunner().invoke(["test", "--log-level", "none", "--project-dir", name, "--profiles-dir", name, "--log-path", name,
                                  "--target-path", f"{name}/target"])
        if run.exception:
            raise run.exception
    answers = {}
    for result in run.result.results:
        number = int(result.node.name.removeprefix("case_"))
        test, zero = CASES[number]["dbt"][0], "division by zero"
        if result.status == "error" and zero not in result.message:
            raise SystemExit(f"{CASES[number]}: {result.message}")
        answers[number] = {"test": test, "restated": "." in test, "status": str(result.status), "passed": result.status == "pass",
                           **({"error": zero} if result.status == "error" else {"failed": result.failures})}
    return answers


def gx_answers():
    context = great_expectations.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    source = context.data_sources.add_postgres("pg", connection_string="postgresql+psycopg2://"
                                               f"{os.environ['PGUSER']}@localhost/{DATABASE}?host={os.environ['PGHOST']}")
    batches, answers = {}, {}
    for number, one in enumerate(CASES):
        if not one["gx"]:
            continue
        where = one["check"].get("where")
        if where not in batches:
            name = f"checks {where}"
            asset = source.add_query_asset(name, f"SELECT * FROM checks WHERE {where}") if where else source.add_table_asset(name, "checks")
            batches[where] = asset.add_batch_definition_whole_table("all").get_batch()
        name, arguments = one["gx"]
        if "mostly" in one["check"]:
            arguments = {**arguments, "mostly": one["check"]["mostly"]}
        answer = batches[where].validate(getattr(great_expectations.expectations, name)(**arguments)).to_json_dict()
        result, error = answer["result"], answer["exception_info"]
        # An exception has one record, or one for each of the metrics that it kept from being computed.
        messages = [each["exception_message"] for each in ([error] if "exception_message" in error else error.values())]
        messages = [message for message in messages if message]
        if name == "UnexpectedRowsExpectation":
            if messages:
                raise SystemExit(messages[0])
            result["unexpected_count"] = int(result.pop("observed_value"))
        found = {"expectation": name, "restated": name == "UnexpectedRowsExpectation", "passed": bool(answer["success"]),
                 "rows": result.get("element_count"), "nulls": result.get("missing_count"), "failed": result.get("unexpected_count"),
                 "observed": result.get("observed_value"), "error": messages[0] if messages else None}
        answers[number] = {key: value for key, value in found.items() if value is not None}
    return answers


def differs(dbt, gx):
    """Rows are compared with rows only: of a whole table dbt says how many answers failed, and GX nothing."""
    return dbt and gx and (dbt["passed"] != gx["passed"] or "failed" in gx and dbt.get("failed") != gx["failed"])


def reason(check):
    for holds, text in REASONS:
        if holds(check):
            return text
    raise SystemExit(f"the tools differ, and no reason is known: {check}")


def main():
    make_tables()
    dbt, gx = dbt_answers(), gx_answers()
    checks = []
    for number, one in enumerate(CASES):
        entry = {"check": one["check"], "dbt": dbt.get(number), "great_expectations": gx.get(number)}
        if differs(entry["dbt"], entry["great_expectations"]):
            entry["differ"] = reason(one["check"])
        checks.append(entry)
    with psycopg2.connect(host=os.environ["PGHOST"], user=os.environ["PGUSER"], dbname=DATABASE) as connection:
        server = connection.info.server_version // 10000
    versions = {name: importlib.metadata.version(name) for name in ("dbt-core", "dbt-postgres", "great_expectations", "SQLAlchemy")}
    lines = ",\n".join(json.dumps(entry, ensure_ascii=False, default=lambda number: number.item()) for entry in checks)
    head = json.dumps({**versions, "PostgreSQL": server})
    (HERE / "checks.json").write_text(f'{{"versions": {head}, "checks": [\n{lines}\n]}}\n', encoding="utf-8")
    subprocess.run(["dropdb", "--force", DATABASE], check=True)


main()

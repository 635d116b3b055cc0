"""One run of Great Expectations as a scheduled job makes it, from the start of Python to its end:

    python quality_gx.py TABLE with|without

prints how many expectations there are and how many fail.
"""

import json
import os
import sys

os.environ["GX_ANALYTICS_ENABLED"] = "false"

import great_expectations as gx

from quality_checks import WITH_REGEX, WITHOUT_REGEX, expectation

table, regex = sys.argv[1:]
context = gx.get_context(mode="ephemeral")
context.variables.progress_bars = {"globally": False}
address = f"postgresql+psycopg2://{os.environ['PGUSER']}@localhost/{os.environ['PGDATABASE']}?host={os.environ['PGHOST']}"
asset = context.data_sources.add_postgres("pg", connection_string=address).add_table_asset(table, table)
suite = gx.ExpectationSuite("bench")
for one in WITH_REGEX if regex == "with" else WITHOUT_REGEX:
    name, arguments = expectation(one)
    suite.add_expectation(getattr(gx.expectations, name)(**arguments))
answer = asset.add_batch_definition_whole_table("all").get_batch().validate(suite, result_format="BASIC")
for result in answer.results:
    if any(error.get("raised_exception") for error in [result.exception_info, *result.exception_info.values()] if isinstance(error, dict)):
        sys.exit(f"{result.expectation_config.type}: {result.exception_info}")
json.dump({"checks": len(answer.results), "failed": sum(not result.success for result in answer.results)}, sys.stdout)

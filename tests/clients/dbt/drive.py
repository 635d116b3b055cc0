"""Builds the project in this folder with dbt as its rows change, and says whether dbt's verdicts are those that the checks call for. Prints
'ok - NAME' or 'not ok - NAME' for each promise."""

import pathlib
import re
import sys

from harness import check, failures, run, sql, statuses


def tests(nodes):
    """Those that ran, without the hooks at the end."""
    return {name: status for name, (status, _) in nodes.items() if "on-run-end" not in name}


def change(assignment, condition):
    sql(f"UPDATE bank.german_credit SET {assignment} WHERE {condition}")


version = re.search(r"default_version = '(.*)'", pathlib.Path("../../../assay.control").read_text())[1]
check("the package has the extension's version", f"\nversion: {version}\n" in pathlib.Path("../../../sql/dbt/dbt_project.yml").read_text(), version)

# Rows as they should be.
good, nodes, text = run("build")
check("dbt builds and tests sound rows", good and set(statuses(nodes, *nodes)) == {"success", "pass"} and len(nodes) == 15, nodes)
check("no node has a name of 100 characters", max(map(len, nodes)) < 100, nodes)
check("the risk model has scored every customer", sql("SELECT count(risk), count(*) FROM credit.customer_risk") == [(1000, 1000)])
check("a macro gives the profile of a model", sql("SELECT rows, mean > 20 FROM credit.customer_profile WHERE column_name = 'duration_months'") == [(1000, True)])
check("a macro gives drift, and halves of the customers have none", sql("SELECT count(*) > 10, bool_or(drifted) FROM credit.customer_drift") == [(True, False)])
check("decisions and labels are logged by hooks, and how they have held is a table",
      sql("SELECT sum(rows) = sum(labelled), sum(rows) FROM credit.risk_performance WHERE metric = 'roc_auc' AND segment IS NOT NULL") == [(True, 1000)],
      sql("SELECT * FROM credit.risk_performance LIMIT 3"))
check("reasons and drift are kept by hooks", sql("SELECT count(*), bool_and(jsonb_array_length(reasons) <= 2) FROM assay.predictions WHERE model = 'credit_risk'") == [(1000, True)]
      and sql("SELECT count(DISTINCT run_at) FROM assay.drift_history WHERE model = 'credit_risk'") == [(1,)])
check("a hook makes a view that scores", sql("SELECT count(*) FROM credit.live_risk v JOIN credit.customer_risk t USING (customer_id) WHERE abs(v.score - t.risk) < 1e-12") == [(1000,)])
page = run("run-operation", "assay.show_profile", "--args", "{model: stg_customers}")
check("a profile is shown as a page", page[0] and "credit_amount" in page[2] and "duration_months" in page[2], page)
page = run("run-operation", "assay.show_model", "--args", "{model: credit_risk, rows: customer_features}")
check("the card of a model is shown as a page", page[0] and "Precision and recall" in page[2] and "95% interval" in page[2], page)
kept = run("run-operation", "assay.save_baseline", "--args", "{name: customers, model: stg_customers}")
check("a baseline is saved", kept[0] and sql("SELECT name, rows FROM assay.baselines") == [("customers", 1000)], kept)

# Six checks, figures and segments among them: one scan of the table.
scans = "SELECT seq_scan FROM pg_stat_user_tables WHERE relname = 'customer_risk'"
before = sql(scans)[0][0]
good, nodes, text = run("test", "--select", "customer_risk")
check("all checks of a test take one scan of the table", good and sql(scans)[0][0] - before == 1, (nodes, before, sql(scans)))

# A few loans are negative: a warning, and what follows is built.
change("credit_amount = -credit_amount", "customer_id <= 3")
good, nodes, text = run("build", "--select", "stg_customers")
check("a check that warns makes dbt warn", good and nodes["customers_are_sound"][0] == "warn", nodes)
check("the finding is told", "warn  stg_customers  loans are not negative: 3 of 1000 rows fail, such as [-" in text, text)

# Many are: the test fails, and what follows is not built.
change("credit_amount = -credit_amount", "customer_id BETWEEN 4 AND 20")
good, nodes, text = run("build")
check("a check that fails makes dbt fail", not good and nodes["customers_are_sound"][0] == "fail", nodes)
check("models after a failure are skipped", statuses(nodes, "customer_features", "customer_risk") == ["skipped"] * 2, nodes)

# dbt run asks no tests, but the post-hook does: the table stays as it was, and its error says why.
table = "SELECT 'credit.customer_features'::regclass::oid::bigint, count(*), min(monthly_rate) > 0 FROM credit.customer_features"
before = sql(table)
good, nodes, text = run("run")
message = nodes["customer_features"][1]
check("it counts checks", "1 of 3 checks on" in message, message)
check("a post-hook that asserts fails the model", not good and nodes["customer_features"][0] == "error" and "20 of 1000 rows fail" in message, nodes)
check("and leaves it as it was", sql(table) == before and nodes["customer_risk"][0] == "skipped", (before, sql(table)))

# A warning lets the model pass.
change("credit_amount = abs(credit_amount)", "true")
change("job = 'astronaut'", "customer_id = 7")
good, nodes, text = run("run", "--select", "customer_features")
check("a post-hook lets warnings pass", good and sql("SELECT count(*) FROM credit.customer_features WHERE job = 'astronaut'") == [(1,)], nodes)

# A check that cannot run tells nothing about the rows: that is a failure.
change("duration_months = 0", "customer_id = 9")
good, nodes, text = run("test", "--select", "customers_are_sound")
check("a check that cannot run makes dbt fail", not good and nodes["customers_are_sound"][0] == "fail", nodes)
check("and says why", "rates can be paid: could not run: " in text and "division by zero" in text, text)
change("duration_months = 12", "customer_id = 9")

# dbt's own where and severity go over what the checks say.
change("age = 18", "housing = 'rent' AND customer_id % 2 = 0")
good, nodes, text = run("test", "--select", "tenants_are_adults", "customers_are_sound")
tenants = sql("SELECT count(*) FROM bank.german_credit WHERE housing = 'rent'")[0][0]
check("where and severity of dbt's configuration hold", good and statuses(nodes, "tenants_are_adults", "customers_are_sound") == ["warn", "pass"]
      and f" of {tenants} rows fail" in text, (nodes, text))

# Checks of a column, and of a source.
change("customer_id = 1", "customer_id = 2")
good, nodes, text = run("test", "--select", "source_key")
check("checks stand at a source's column", not good and nodes["source_key"][0] == "fail" and "unique_customer_id" in text, (nodes, text))

# A test for one check has a name, a severity and a selection of its own, and one whose checks stand in its configuration a short name.
change("purpose = NULL, duration_months = 600", "customer_id = 5")
change("purpose = repeat('x', 50)", "customer_id = 6")
good, nodes, text = run("test", "--select", "tag:nightly")
check("a test of one check is selected and warns by itself", good and tests(nodes) == {"purposes_are_known": "warn"}
      and "warn  stg_customers  not_null_purpose: 1 of 1000 rows fail" in text, (nodes, text))
duration = "assay_assay_check_stg_customers_accepted_range__duration_months__1__120"
good, nodes, text = run("test", "--select", duration)
check("without a name it has one that says its check", not good and nodes.get(duration, ("",))[0] == "fail", (nodes, text))
good, nodes, text = run("test", "--select", "assay_assay_checks_stg_customers_")
check("checks may stand in the configuration", not good and tests(nodes) == {"assay_assay_checks_stg_customers_": "fail"} and "length_between_purpose: 1 of 1000 rows fail" in text, (nodes, text))
change("purpose = 'car', duration_months = 12", "customer_id IN (5, 6)")

# Drift from the baseline.
drift = ("test", "--select", "loans_are_those_of_the_baseline", "--vars", "{baseline: customers}")
good, nodes, text = run(*drift)
check("rows that have not moved pass the drift test", good and nodes["loans_are_those_of_the_baseline"][0] == "pass", nodes)
change("credit_amount = credit_amount * 3 / 2", "true")
good, nodes, text = run(*drift)
check("rows that have moved fail it", not good and "Got 1 result" in nodes["loans_are_those_of_the_baseline"][1], nodes)
check("drift is told", re.search(r"fail  stg_customers  credit_amount has drifted: wasserstein is [0-9.]+, but must be at most 0.1", text), text)

# Checks stored in the database are asserted without a list.
sql("CREATE TABLE credit.stored AS SELECT -1 AS n")
sql("SELECT assay.add_check('credit.stored', 'accepted_range', 'n', '{\"min_value\": 0}', tags => '{load}')")
pathlib.Path("models/stored.sql").write_text(
    """{{ config(materialized="incremental", post_hook="{{ assay.assert_checks(tags=['load']) }}") }}\nselect 1 as n\n""")
good, nodes, text = run("run", "--select", "stored")
check("stored checks are asserted", not good and "1 of 2 rows fail" in nodes["stored"][1], nodes)
check("and the rows that were added are gone", sql("SELECT count(*) FROM credit.stored") == [(1,)])

# dbt builds a table anew and renames it: the checks of an analyst, for whom dbt does not act nor he for dbt, follow the table's name.
sql("CREATE ROLE dbt_analyst")
sql("GRANT USAGE ON SCHEMA credit TO dbt_analyst")
sql("ALTER DEFAULT PRIVILEGES IN SCHEMA credit GRANT SELECT, TRIGGER ON TABLES TO dbt_analyst")
sql("CREATE TABLE credit.raw AS SELECT 1 AS n FROM generate_series(1, 100)")
model, hook = pathlib.Path("models/rebuilt.sql"), '{{ config(materialized="table", post_hook="{{ assay.assert_checks() }}") }}\n'
rows = "select n from credit.raw\n"
model.write_text(hook + rows)
good, nodes, text = run("run", "--select", "rebuilt")
check("a table without a check is asserted by nothing", not good and "no check on credit.rebuilt" in nodes["rebuilt"][1], nodes)
model.write_text('{{ config(materialized="table") }}\n' + rows)
run("run", "--select", "rebuilt")
sql("SET ROLE dbt_analyst")
sql("SELECT assay.add_check('credit.rebuilt', 'accepted_range', 'n', '{\"min_value\": 0}', name => 'positive')")
sql("RESET ROLE")
model.write_text(hook + rows)
found = "SELECT name, status, relation, role FROM assay.run_checks('credit.rebuilt')"
for time in range(2):
    good, nodes, text = run("run", "--select", "rebuilt")
    check(f"sound rows pass their checks, rebuilt {time}", good, nodes)
check("the check is that of the table, as its analyst", sql(found) == [("positive", "pass", "credit.rebuilt", "dbt_analyst")], sql(found))
sql("UPDATE credit.raw SET n = -n WHERE ctid IN (SELECT ctid FROM credit.raw LIMIT 40)")
good, nodes, text = run("run", "--select", "rebuilt")
check("40 failing rows fail the model that is rebuilt", not good and "40 of 100 rows fail" in nodes["rebuilt"][1], nodes)
check("and the table is the one before", sql("SELECT min(n) FROM credit.rebuilt") == [(1,)])
model.write_text('{{ config(materialized="table") }}\n' + rows)
good, nodes, text = run("run", "--select", "rebuilt")
check("without the hook it is built", good and sql("SELECT min(n) FROM credit.rebuilt") == [(-1,)], nodes)
everywhere = "SELECT name, status, relation FROM assay.run_checks() WHERE relation LIKE 'credit.rebuilt%'"
check("and its check finds them, by the table's name and without", sql(found)[0][1] == "fail" and sql(everywhere) == [("positive", "fail", "credit.rebuilt")],
      (sql(found), sql(everywhere)))
check("the view names the table", sql("SELECT relation::text FROM assay.checks WHERE name = 'positive'") == [("credit.rebuilt",)])
model.write_text('{{ config(materialized="view") }}\n' + rows)
good, nodes, text = run("run", "--select", "rebuilt")
check("a view in its place is checked, too", good and sql(found)[0][1] == "fail", (nodes, sql(found)))
model.unlink()
sql("DROP VIEW credit.rebuilt")
sql("SELECT assay.drop_owned('dbt_analyst')")
sql("DROP OWNED BY dbt_analyst")
sql("DROP ROLE dbt_analyst")

# An empty list would pass whatever the rows are.
pathlib.Path("models/none.yml").write_text("models: [{name: stored, data_tests: [{assay.assay_checks: {arguments: {checks: []}}}]}]\n")
good, nodes, text = run("test", "--select", "stored")
check("a test without checks is refused", not good and "at least one check" in text, text)

sys.exit(failures() > 0)

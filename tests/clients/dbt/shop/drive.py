"""Builds and tests the shop in this folder, and says whether assay knows what dbt knows: what depends on what, who owns it, what fails."""

import json
import pathlib
import sys

sys.path.insert(0, "..")
from harness import check, failures, run, sql, statuses  # noqa: E402

sql("CREATE SCHEMA crm")
sql("CREATE TABLE crm.orders (id int, customer_id int, amount numeric, ordered_at timestamptz, loaded_at timestamptz DEFAULT now())")
sql("CREATE TABLE crm.customers (id int, country text)")
sql("INSERT INTO crm.customers VALUES (1, 'de'), (2, 'fr'), (3, 'xx')")
sql("INSERT INTO crm.orders SELECT i, i % 3 + 1, i, timestamptz '2024-01-01' + i * interval '1 hour' FROM generate_series(1, 100) AS i")
sql("INSERT INTO crm.orders VALUES (101, 9, -3, '2024-02-01')")

EDGES = """SELECT u.name, d.name FROM assay.lineage_edge JOIN assay.asset AS u ON u.id = upstream_id JOIN assay.asset AS d ON d.id = downstream_id
           WHERE source = 'dbt' ORDER BY 2, 1"""
OWNED = "SELECT a.name, o.name FROM assay.ownership JOIN assay.asset AS a ON a.id = asset_id JOIN assay.owner AS o ON o.id = owner_id ORDER BY 1, 2"
ISSUES = "SELECT asset_name, subject, severity, occurrences, message FROM assay.issue WHERE kind = 'dbt' AND status = 'open' ORDER BY 1, 2"
RELATIONSHIPS = "relationships_stg_orders_customer_id__customer_id__ref_stg_customers_"

for command in ("seed", "run", "snapshot"):
    good, nodes, text = run(command)
    check(f"dbt {command} ends with an import", good and "assay: manifest: " in text and "assay: results: " in text, text)
check("what depends on what is known, past the ephemeral model", sql(EDGES) == [
    ("shop.customer_changes", "churn_notebook"), ("shop.stg_customers", "shop.customer_changes"), ("shop.countries", "shop.revenue"),
    ("shop.stg_customers", "shop.revenue"), ("shop.stg_orders", "shop.revenue"), ("crm.customers", "shop.stg_customers"),
    ("crm.orders", "shop.stg_orders"), ("bank.rates", "weekly_revenue"), ("shop.revenue", "weekly_revenue")], sql(EDGES))
check("owners are those of groups, of meta and of exposures", sql(OWNED) == [
    ("churn_notebook", "ada@example.com"), ("crm.customers", "data-platform"), ("crm.orders", "data-platform"), ("shop.countries", "Finance team"),
    ("shop.revenue", "Finance team"), ("shop.revenue", "Grace Hopper"), ("shop.stg_orders", "ada@example.com"), ("weekly_revenue", "Grace Hopper")], sql(OWNED))

good, nodes, text = run("test")
check("dbt's tests find what is wrong", statuses(nodes, RELATIONSHIPS, "accepted_values_stg_customers_country__de__fr__uk") == ["fail", "warn"], nodes)
check("and each opens an issue", sql(ISSUES) == [
    ("shop.stg_customers", "accepted_values_stg_customers_country__de__fr__uk", "warn", 1, "dbt counts 1 failure"),
    ("shop.stg_orders", RELATIONSHIPS, "error", 1, "dbt counts 1 failure")], sql(ISSUES))
results = pathlib.Path("target/run_results.json").read_text()
again = sql("SELECT DISTINCT action FROM assay.import_dbt_run_results(%s) WHERE kind = 'test'", results)
check("the file of the same run says nothing new", again == [("unchanged",)] and sql(ISSUES)[0][3] == 1, again)

# The macro sees no unit tests; the file does.
manifest = pathlib.Path("target/manifest.json").read_text()
done = sql("SELECT action, kind, count(*) FROM assay.import_dbt_manifest(%s) WHERE kind <> 'owner' GROUP BY 1, 2 ORDER BY 1, 2", manifest)
check("the macro and the file say the same", done == [
    ("added", "unit_test", 1), ("skipped", "model", 1), ("unchanged", "exposure", 2), ("unchanged", "model", 3), ("unchanged", "seed", 1),
    ("unchanged", "snapshot", 1), ("unchanged", "source", 3), ("unchanged", "test", 7)], done)
done = sql("SELECT action, message FROM assay.import_dbt_run_results(%s) WHERE kind = 'unit_test'", results)
check("a unit test that cannot run opens an issue", done == [("failed", "dbt could not run it")] and len(sql(ISSUES)) == 3, done)

# A person's word on a table survives its being built anew, under another name that is then changed.
before = sql("SELECT 'shop.revenue'::regclass::oid::bigint"), sql(EDGES), sql("SELECT id FROM assay.asset WHERE name = 'shop.revenue'")
sql("INSERT INTO assay.owner (name, kind, added_by) VALUES ('by hand', 'team', current_user::regrole::oid)")
sql("INSERT INTO assay.ownership (owner_id, asset_id, said_by) SELECT o.id, a.id, 'me' FROM assay.owner AS o, assay.asset AS a WHERE o.name = 'by hand' AND a.name = 'shop.revenue'")
good, nodes, text = run("run")
after = sql("SELECT 'shop.revenue'::regclass::oid::bigint"), sql(EDGES), sql("SELECT id FROM assay.asset WHERE name = 'shop.revenue'")
check("dbt has built another table of the name", good and before[0] != after[0], (before[0], after[0]))
check("which is the same asset with the same dependencies", before[1:] == after[1:], (before, after))
check("and the same owners", [owner for asset, owner in sql(OWNED) if asset == "shop.revenue"] == ["Finance team", "Grace Hopper", "by hand"], sql(OWNED))

# What is mended passes.
sql("DELETE FROM crm.orders WHERE customer_id = 9")
run("run")
good, nodes, text = run("test", "--select", "test_type:data")
check("a test that passes closes its issue", [row[1] for row in sql(ISSUES)] == ["negative_orders_do_not_count", "accepted_values_stg_customers_country__de__fr__uk"], sql(ISSUES))

# A model that cannot be built.
model = pathlib.Path("models/revenue.sql")
text_before = model.read_text()
model.write_text("select no_such_column from {{ ref('stg_customers') }}\n")
good, nodes, text = run("run", "--select", "revenue")
check("a model that cannot be built opens an issue", not good and ("shop.revenue", "dbt build", "error", 1, "dbt could not build it") in sql(ISSUES), sql(ISSUES))
model.write_text(text_before)
good, nodes, text = run("run", "--select", "revenue")
check("and one that can closes it", good and all(row[1] != "dbt build" for row in sql(ISSUES)), sql(ISSUES))

# What is taken out of the project is forgotten.
shop = pathlib.Path("models/shop.yml")
shop.write_text(shop.read_text().split("exposures:")[0])
good, nodes, text = run("run", "--select", "stg_customers")
check("exposures that are gone are forgotten", "2 removed" in text and sql("SELECT count(*) FROM assay.asset WHERE kind = 'dashboard'") == [(0,)], text)
nodes = json.loads(manifest)["nodes"]
check("and nothing else is", sql("SELECT count(*) FROM assay.dbt_nodes WHERE kind IN ('model', 'test')") == [(len([n for n in nodes if n.startswith(("model.", "test."))]) - 1,)])

sys.exit(failures() > 0)

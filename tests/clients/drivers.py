"""Programs that score a row through psycopg, asyncpg and SQLAlchemy, and tell no driver a type of SQL. Prints 'ok - NAME' or 'not ok - NAME' for
each promise."""

import asyncio
import json
import sys

import asyncpg
import psycopg
import sqlalchemy
from psycopg.types.json import Jsonb
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.types import Text

import promises
from promises import check

connection = psycopg.connect("", autocommit=True)
connection.execute("""
    CREATE TABLE loan AS
    SELECT i AS id, 20 + i %% 50 AS age, (i * 37 %% 1000)::numeric / 8 AS amount, i %% 3 = 0 AS owner, date '2024-01-01' + i %% 60 AS since,
           'r' || i %% 4 AS region, ARRAY[i %% 7, i %% 11]::float8[] AS scores, i * 7 %% 10 < 4 AS bad
    FROM generate_series(1, 400) AS i""", ())
connection.execute("SELECT assay.train('loan', 'loan', 'bad', 'logistic_regression', exclude => '{id}')")
FEATURES = ["age", "amount", "owner", "since", "region", "scores"]
form = {"age": 30, "amount": "12.125", "owner": True, "since": "2024-01-20", "region": "r1", "scores": [3, 4]}
values = ["30", "12.125", "true", "2024-01-20", "r1", "{3,4}"]
features, risk, label, shares = connection.execute("""
    SELECT assay.features('loan'), assay.predict('loan', r), assay.predict_label('loan', r), assay.predict_proba('loan', r)
    FROM (SELECT 30 AS age, 12.125 AS amount, true AS owner, date '2024-01-20' AS since, 'r1' AS region, '{3,4}'::float8[] AS scores) AS r""").fetchone()
check("the features are in their order", features == FEATURES, features)

ROW = "SELECT assay.predict_row({0}, {1}), assay.predict_label_row({0}, {1}), assay.predict_proba_row({0}, {1})"
VALUES = "SELECT assay.predict_values({0}, {1}), assay.predict_label_values({0}, {1}), assay.predict_proba_values({0}, {1})"
expected = (risk, label, shares)

# psycopg: in both formats, over the switch to a prepared statement and then to a generic plan; bound by the client, too.
for binary in (False, True):
    with connection.cursor(binary=binary) as cursor:
        name = {"model": "loan", "features": Jsonb(form), "text": json.dumps(form), "values": values}
        found = [cursor.execute(ROW.format("%(model)s", "%(features)s"), name).fetchone() for _ in range(15)]
        check(f"psycopg sends an object ({'binary' if binary else 'text'})", found == [expected] * 15, found[0])
        found = [cursor.execute(ROW.format("%(model)s", "%(text)s"), name).fetchone() for _ in range(15)]
        check(f"psycopg sends JSON as a text ({'binary' if binary else 'text'})", found == [expected] * 15, found[0])
        found = [cursor.execute(VALUES.format("%(model)s", "%(values)s"), name).fetchone() for _ in range(15)]
        check(f"psycopg sends texts ({'binary' if binary else 'text'})", found == [expected] * 15, found[0])
client_side = psycopg.ClientCursor(connection).execute(ROW.format("%s", "%s"), ("loan", json.dumps(form)) * 3).fetchone()
check("psycopg binds on its side", client_side == expected, client_side)
missing = connection.execute("SELECT assay.predict_row(%s, %s), assay.predict_values(%s, %s)",
                             ("loan", Jsonb(form | {"age": None}), "loan", [None] + values[1:])).fetchone()
check("None is missing", missing[0] == missing[1] and missing[0] is not None, missing)
try:
    connection.execute("SELECT assay.predict_row(%s, %s)", ("loan", Jsonb(form | {"colour": "blue"})))
    check("an unknown key is an error", False, "accepted")
except psycopg.Error as error:
    check("an unknown key is an error", (error.sqlstate, "colour" in error.diag.message_primary, "region" in error.diag.message_detail) == ("22023", True, True), error)

# A state as bytes.
with connection.cursor(binary=True) as cursor:
    state = cursor.execute("SELECT assay.metric_state('roc_auc', bad, age) FROM loan").fetchone()[0]
    area, auc = cursor.execute("SELECT assay.metric_of(%s::assay.state), (SELECT assay.roc_auc(bad, age) FROM loan)", (state,)).fetchone()
check("psycopg sends a state as bytes", isinstance(state, bytes) and area == auc, (area, auc))
try:
    connection.execute("SELECT assay.train('m', 'SELECT * frm loan', 'bad')")
except psycopg.Error as error:
    found = (error.sqlstate, error.diag.internal_position, error.diag.internal_query)
    check("a syntax error says where in the query it is", found == ("42601", "10", "SELECT * frm loan"), found)


# asyncpg asks the server for the types of the parameters, and prepares every statement.
async def through_asyncpg():
    client = await asyncpg.connect()
    row = tuple(await client.fetchrow(ROW.format("$1", "$2"), "loan", json.dumps(form)))
    check("asyncpg sends an object", row == expected, row)
    row = tuple(await client.fetchrow(VALUES.format("$1", "$2"), "loan", values))
    check("asyncpg sends texts", row == expected, row)
    statement = await client.prepare("SELECT assay.predict_row($1, $2)")
    found = {await statement.fetchval("loan", json.dumps(form)) for _ in range(20)}
    check("asyncpg keeps a prepared statement", found == {risk}, found)
    await client.set_type_codec("jsonb", schema="pg_catalog", encoder=json.dumps, decoder=json.loads)
    check("asyncpg sends a dict", await client.fetchval("SELECT assay.predict_row($1, $2)", "loan", form) == risk)
    check("asyncpg sends a state as bytes", await client.fetchval("SELECT assay.metric_of($1::bytea::assay.state)", state) == auc)
    await client.close()


asyncio.run(through_asyncpg())

# SQLAlchemy: by text, and by an expression with types of its own.
engine = sqlalchemy.create_engine("postgresql+psycopg://")
with engine.connect() as session:
    row = session.execute(sqlalchemy.text(ROW.format(":model", ":features")), {"model": "loan", "features": json.dumps(form)}).one()
    check("SQLAlchemy sends an object", tuple(row) == expected, row)
    row = session.execute(sqlalchemy.text(VALUES.format(":model", ":features")), {"model": "loan", "features": values}).one()
    check("SQLAlchemy sends texts", tuple(row) == expected, row)
    by_row = sqlalchemy.func.assay.predict_row("loan", sqlalchemy.literal(form, JSONB))
    by_values = sqlalchemy.func.assay.predict_values("loan", sqlalchemy.literal(values, ARRAY(Text)))
    row = session.execute(sqlalchemy.select(by_row, by_values)).one()
    check("SQLAlchemy calls functions", tuple(row) == (risk, risk), row)
engine.dispose()

sys.exit(promises.failed > 0)

"""Predictions as Arrow and as Parquet, and rows that come back: nothing but ADBC's driver and pyarrow stand between. Prints 'ok - NAME' or 'not ok - NAME' for each promise."""

import os
import sys
import tempfile

import adbc_driver_postgresql.dbapi as adbc
import pyarrow
import pyarrow.parquet

import promises
from promises import check

with adbc.connect("postgresql:///", autocommit=True) as connection, connection.cursor() as cursor:
    cursor.execute("""CREATE TABLE arrow_loan AS
        SELECT i AS id, (i * 37 % 1000)::float8 / 8 AS amount, CASE WHEN i % 9 > 0 THEN 'r' || i % 4 END AS region, i * 7 % 10 < 4 AS bad FROM generate_series(1, 2000) AS i""")
    cursor.execute("SELECT * FROM assay.train('arrow_loan', 'arrow_loan', 'bad', 'gradient_boosting', exclude => '{id}')")
    cursor.fetchall()

    # Out: a batch of rows of PostgreSQL's binary COPY becomes columns, and a file.
    cursor.execute("SELECT id, assay.predict('arrow_loan', l) AS risk, assay.predict_label('arrow_loan', l) AS bad FROM arrow_loan AS l ORDER BY id")
    scores = cursor.fetch_arrow_table()
    check("predictions arrive as columns", [str(field.type) for field in scores.schema] == ["int32", "double", "string"] and scores.num_rows == 2000, scores.schema)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "scores.parquet")
        pyarrow.parquet.write_table(scores, path)
        read = pyarrow.parquet.read_table(path)
        check("a file of Parquet holds them", read.equals(scores))
        # In: what somebody else's file holds becomes a table, and is scored where it lies.
        cursor.execute("SELECT id, amount, region FROM arrow_loan ORDER BY id")
        pyarrow.parquet.write_table(cursor.fetch_arrow_table(), path)
        cursor.adbc_ingest("arrow_again", pyarrow.parquet.read_table(path), mode="create")
    cursor.execute("SELECT id, assay.predict('arrow_loan', l) AS risk FROM arrow_again AS l ORDER BY id")
    again = cursor.fetch_arrow_table()
    check("rows that came back from a file score alike", again.column("risk").equals(scores.column("risk")))

    # A score is a double in both, and a stream needs no more than a batch.
    cursor.execute("SELECT assay.predict('arrow_loan', l) AS risk FROM arrow_loan AS l, generate_series(1, 50)")
    reader = cursor.fetch_record_batch()
    batches = [batch.num_rows for batch in reader]
    check("they are streamed", sum(batches) == 100_000, batches)

    # An error within the stream is one with a message, and the connection goes on.
    try:
        cursor.execute("SELECT assay.predict('no_such_model', l) FROM arrow_loan AS l")
        cursor.fetch_arrow_table()
        check("an error is an error", False, "no error")
    except (adbc.Error, pyarrow.ArrowInvalid, OSError) as error:
        check("an error is an error", "no_such_model" in str(error), error)
    cursor.execute("SELECT 1 AS one")
    check("the connection goes on", cursor.fetch_arrow_table().to_pylist() == [{"one": 1}])

sys.exit(promises.failed > 0)

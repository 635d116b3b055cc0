"""Vectorizers while things go wrong. Prints 'ok - NAME' or 'not ok - NAME' for each promise.

A worker that is killed leaves nothing half done, and what it was at is done by the next; workers beside each other and beside those who write
the source come to the same as one alone; a dump brings all along; and what logical replication brings is embedded."""

import os
import random
import signal
import subprocess
import threading
import time

import psycopg

from promises import check

BATCH = 64
EMBEDDER = "words@1"
LEARN = "SELECT FROM assay.load_word_vectors('words', $$VALUES ('text', '{1,0,0}'::real[]), ('new', '{0,1,0}'), ('again', '{0,0,1}')$$)"


def connect(database="postgres", **options):
    return psycopg.connect(f"dbname={database}", autocommit=True, **options)


def ask(statement, database="postgres"):
    with connect(database) as connection:
        return connection.execute(statement).fetchone()


def wait_for(what, until=60):
    end = time.monotonic() + until
    while time.monotonic() < end:
        try:
            if found := what():
                return found
        except psycopg.Error:  # The server is not back yet.
            pass
        time.sleep(0.05)
    return None


def work(failures, seconds=60):
    """One call of run_queue, in a thread; a kill ends it."""
    try:
        with connect() as connection:
            connection.execute(f"SET application_name = 'worker'; SET statement_timeout = '{seconds + 30}s'")
            connection.execute(f"CALL assay.run_queue(100000, {seconds})")
    except psycopg.OperationalError:
        pass  # Killed, or another one was.
    except psycopg.Error as error:
        failures.append(error)


def start(count, failures):
    threads = [threading.Thread(target=work, args=(failures,)) for _ in range(count)]
    for thread in threads:
        thread.start()
    return threads


# What the chunks should be: one for each text that is not blank, which are of one line here.
MATCHES = """SELECT count(*) FILTER (WHERE c.chunk IS DISTINCT FROM d.body), count(c.id), count(DISTINCT c.id), count(c.embedding)
    FROM doc AS d FULL JOIN doc_chunks AS c USING (id)"""

connection = connect()
connection.execute("CREATE EXTENSION assay")
connection.execute(LEARN)
connection.execute("CREATE TABLE doc (id int PRIMARY KEY, body text NOT NULL)")
connection.execute("INSERT INTO doc SELECT i, 'text ' || i FROM generate_series(1, 1500) AS i")
connection.execute(f"SELECT assay.create_vectorizer('doc', '{{\"column\": \"body\"}}', '{EMBEDDER}')")
# Each chunk that is written takes a while, and is counted even where it is rolled back.
connection.execute("""CREATE SEQUENCE written;
    CREATE FUNCTION count_written() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN PERFORM nextval('public.written'); PERFORM pg_sleep(0.002); RETURN NEW; END$$;
    CREATE TRIGGER count_written BEFORE INSERT ON doc_chunks FOR EACH ROW EXECUTE FUNCTION count_written()""")

# Workers are killed, three times, wherever they are.
choose = random.Random(17)
failures, killed, crashes = [], 0, 0
for _ in range(3):
    workers = start(2, failures)
    time.sleep(choose.uniform(0.3, 1.0))
    with connect() as looking:
        server = int(looking.execute("SELECT pg_read_file('postmaster.pid')").fetchone()[0].split()[0])
        pids = [pid for (pid,) in looking.execute("SELECT pid FROM pg_stat_activity WHERE application_name = 'worker' AND state = 'active'")]
    for pid in pids:
        # Only a child of this very server is killed. The first one that is killed ends the others, too, as soon as the server has seen it.
        try:
            with open(f"/proc/{pid}/stat") as file:
                if int(file.read().rsplit(")", 1)[1].split()[1]) == server:
                    os.kill(pid, signal.SIGKILL)
                    killed += 1
        except OSError:
            pass
    crashes += bool(pids)
    for worker in workers:
        worker.join()
    check(f"after kill {crashes} the server is back", wait_for(lambda: ask("SELECT 1")))
    wrong = ask("SELECT count(*) FROM doc_chunks AS c LEFT JOIN doc AS d USING (id) WHERE c.chunk IS DISTINCT FROM d.body OR c.embedding IS NULL")[0]
    left, waiting, both = ask("""SELECT (SELECT count(*) FROM doc WHERE NOT EXISTS (SELECT FROM doc_chunks AS c WHERE c.id = doc.id)),
        (SELECT count(*) FROM assay.vectorizer_items), (SELECT count(*) FROM assay.vectorizer_items AS i JOIN doc_chunks AS c ON c.id = i.key[1]::int)""")
    check(f"after kill {crashes} each row is done or queued, and not both", (wrong, left - waiting, both) == (0, 0, 0), (wrong, left, waiting, both))
check("workers were killed", killed >= 3, killed)
connection = connect()

for worker in start(8, failures):
    worker.join()
check("eight workers finish what is left", ask(MATCHES) == (0, 1500, 1500, 1500) and not failures, (ask(MATCHES), failures))
# A sequence may skip 32 numbers when the server comes back.
written = ask("SELECT last_value FROM written")[0]
check("at most a batch of each killed worker was written again", 1500 <= written <= 1500 + BATCH * killed + 32 * crashes, (written, killed))
tried = ask("SELECT count(*) FROM assay.vectorizer_items")[0]
check("nothing is left in the queue", tried == 0, tried)

# Eight workers, beside sessions that write what they read.
connection.execute("ALTER TABLE doc_chunks DISABLE TRIGGER count_written")
over = threading.Event()


def write(seed):
    turn = random.Random(seed)
    with connect() as writer:
        writer.execute("SET statement_timeout = '60s'")
        while not over.is_set():
            row = turn.randrange(1, 300)
            act = turn.randrange(5)
            try:
                if act == 0:
                    writer.execute("DELETE FROM doc WHERE id = %s", (row,))
                elif act == 1:
                    writer.execute("INSERT INTO doc VALUES (%s, 'again ' || random()) ON CONFLICT (id) DO UPDATE SET body = excluded.body", (row,))
                elif act == 2:
                    with writer.transaction():
                        writer.execute("UPDATE doc SET body = body || '.' WHERE id = %s", (row,))
                        time.sleep(0.02)
                        writer.execute("UPDATE doc SET body = body || '!' WHERE id = %s", (row % 299 + 1,))
                elif act == 3:
                    writer.execute("UPDATE doc SET body = 'new ' || random() WHERE id BETWEEN %s AND %s", (row, row + 10))
                else:
                    writer.execute("UPDATE doc SET id = id + 10000 WHERE id = %s AND NOT EXISTS (SELECT FROM doc WHERE id = %s + 10000)", (row, row))
            except (psycopg.errors.UniqueViolation, psycopg.errors.DeadlockDetected) as error:
                if isinstance(error, psycopg.errors.DeadlockDetected):
                    deadlocks.append(error)


def work_on():
    while not over.is_set():
        work(failures, 1)


deadlocks = []
threads = [threading.Thread(target=write, args=(seed,)) for seed in range(4)] + [threading.Thread(target=work_on) for _ in range(8)]
for thread in threads:
    thread.start()
time.sleep(float(os.environ.get("VECTORIZER_SECONDS", 8)))
over.set()
for thread in threads:
    thread.join()
wait_for(lambda: work(failures, 30) or ask("SELECT count(*) FROM assay.vectorizer_items")[0] == 0)
wrong = ask(MATCHES)
check("beside those who write, chunks come to be what rows are", wrong[0] == 0 and wrong[1] == wrong[2] == wrong[3] == ask("SELECT count(*) FROM doc")[0], wrong)
check("no worker failed", not failures, failures[:3])
# Two writers may lock each other out; no worker has a part in it.
check("no worker was in a writer's way", not [d for d in deadlocks if "run_queue" in str(d)], deadlocks[:1])
check("no item failed", ask("SELECT count(*) FROM assay.vectorizer_items WHERE error IS NOT NULL")[0] == 0)

# A worker whose statement is cancelled gives its rows back.
connection.execute("UPDATE doc SET body = body || ' cancelled'; ALTER TABLE doc_chunks ENABLE TRIGGER count_written")
with connect() as cancelled:
    cancelled.execute("SET statement_timeout = '400ms'")
    try:
        cancelled.execute("CALL assay.run_queue()")
        check("a call that takes too long is cancelled", False)
    except psycopg.errors.QueryCanceled:
        check("a call that takes too long is cancelled", True)
    cancelled.execute("SET statement_timeout = 0")
    connection.execute("ALTER TABLE doc_chunks DISABLE TRIGGER count_written")
    work(failures)
    check("another session does what it left, while it is there yet", ask(MATCHES)[0] == 0, ask(MATCHES))

# A transaction that stays open keeps nobody from working, and its rows come when it commits.
with connect() as slow, slow.transaction():
    slow.execute("UPDATE doc SET body = 'late' WHERE id IN (SELECT min(id) FROM doc)")
    connection.execute("UPDATE doc SET body = 'early' WHERE id IN (SELECT max(id) FROM doc)")
    began = time.monotonic()
    work(failures, 10)
    check("an open transaction is not waited for", time.monotonic() - began < 8 and ask("SELECT count(*) FROM doc_chunks WHERE chunk = 'early'")[0] == 1)
work(failures)
check("its rows come when it commits", ask("SELECT count(*) FROM doc_chunks WHERE chunk = 'late'")[0] == 1)

# Dump and restore: also of one that works in the transaction, after its columns were renamed.
connection.execute("CREATE TABLE page (number int PRIMARY KEY, gone text, title text, body text)")
connection.execute("ALTER TABLE page DROP COLUMN gone")
connection.execute(f"""SELECT assay.create_vectorizer('page', '{{"column": "body"}}', '{EMBEDDER}', formatting => '$title: $chunk', consistency => 'transaction')""")
connection.execute("ALTER TABLE page RENAME COLUMN body TO content")
connection.execute("INSERT INTO page VALUES (1, 'Tea', 'It is steamed.')")
connection.execute("UPDATE doc SET body = 'queued before the dump' WHERE id IN (SELECT min(id) FROM doc)")
connection.execute("CREATE DATABASE restored")
dump = subprocess.run(["pg_dump", "-Fc", "postgres"], check=True, stdout=subprocess.PIPE).stdout
restored = subprocess.run(["pg_restore", "--exit-on-error", "-d", "restored"], input=dump, capture_output=True)
check("a dump is restored", restored.returncode == 0, restored.stderr.decode()[-500:])
names = "SELECT array_agg(name || ' ' || embedding || ' ' || pending || ' ' || store ORDER BY name) FROM assay.vectorizers"
check("vectorizers, stores and queues are there again", ask(names) == ask(names, "restored"), ask(names, "restored"))
with connect("restored") as copy:
    kept = copy.execute("SELECT chunk_id, xmin::text FROM page_chunks").fetchall()
    copy.execute("UPDATE page SET title = title")
    check("what was embedded before the dump is not embedded again", kept == copy.execute("SELECT chunk_id, xmin::text FROM page_chunks").fetchall())
    copy.execute("INSERT INTO page VALUES (2, 'Coffee', 'It is roasted.')")
    check("the restored one goes on", copy.execute("SELECT chunk FROM page_chunks WHERE number = 2").fetchone() == ("It is roasted.",))
    copy.execute("CALL assay.run_queue()")
    check("the restored queue is worked at", copy.execute("SELECT count(*) FROM doc_chunks WHERE chunk = 'queued before the dump'").fetchone() == (1,))
    copy.execute("DROP TABLE page")
    check("a source takes its restored store along", copy.execute("SELECT to_regclass('page_chunks')").fetchone() == (None,))

# Logical replication: the subscriber's vectorizers see what comes.
connection.execute("CREATE PUBLICATION pages FOR TABLE doc, page")
connection.execute("CREATE DATABASE subscriber")
connection.execute("SELECT pg_create_logical_replication_slot('pages', 'pgoutput')")
with connect("subscriber") as subscriber:
    subscriber.execute("CREATE EXTENSION assay")
    subscriber.execute(LEARN)
    subscriber.execute("CREATE TABLE doc (id int PRIMARY KEY, body text NOT NULL); CREATE TABLE page (number int PRIMARY KEY, title text, content text)")
    subscriber.execute(f"SELECT assay.create_vectorizer('doc', '{{\"column\": \"body\"}}', '{EMBEDDER}')")
    subscriber.execute(f"SELECT assay.create_vectorizer('page', '{{\"column\": \"content\"}}', '{EMBEDDER}', consistency => 'transaction')")
    socket = ask("SELECT split_part(current_setting('unix_socket_directories'), ',', 1)")[0]
    port = ask("SELECT current_setting('port')")[0]
    subscriber.execute(f"CREATE SUBSCRIPTION pages CONNECTION 'host={socket} port={port} dbname=postgres user=postgres' PUBLICATION pages WITH (create_slot = false, slot_name = 'pages')")
    check("what is copied at first is queued", wait_for(lambda: ask("SELECT (SELECT count(*) FROM doc) > 0 AND (SELECT count(*) FROM assay.vectorizer_items WHERE vectorizer = 'doc') >= (SELECT count(*) FROM doc)", "subscriber")[0]))
    connection.execute("INSERT INTO page VALUES (3, 'Water', 'It came by wire.'); UPDATE doc SET body = 'changed at the publisher' WHERE id IN (SELECT max(id) FROM doc); DELETE FROM doc WHERE id IN (SELECT min(id) FROM doc)")
    count = ask("SELECT count(*) FROM doc")[0]
    arrived = lambda: ask("SELECT (SELECT count(*) FROM doc), (SELECT count(*) FROM page WHERE number = 3), (SELECT count(*) FROM doc WHERE body = 'changed at the publisher')", "subscriber") == (count, 1, 1)
    check("changes arrive", wait_for(arrived))
    check("of a vectorizer in the transaction, too, they are queued", ask("SELECT count(*) FROM assay.vectorizer_items WHERE vectorizer = 'page' AND key = '{3}'", "subscriber")[0] == 1)
    subscriber.execute("CALL assay.run_queue()")
    check("and embedded", ask(MATCHES, "subscriber")[0] == 0 and ask("SELECT count(*) FROM page_chunks WHERE chunk = 'It came by wire.'", "subscriber")[0] == 1, ask(MATCHES, "subscriber"))
    connection.execute("TRUNCATE page")
    check("TRUNCATE arrives at the chunks", wait_for(lambda: ask("SELECT count(*) FROM page_chunks", "subscriber")[0] == 0))
    subscriber.execute("ALTER SUBSCRIPTION pages DISABLE; ALTER SUBSCRIPTION pages SET (slot_name = NONE)")
    subscriber.execute("DROP SUBSCRIPTION pages")
connection.execute("SELECT pg_drop_replication_slot('pages')")

"""What a training holds: rows of 22 numbers, as they are, and packed by trees or summed up by other learners.

    scripts/bench/packed_rows.py ROWS [as_is] [ALGORITHM...]

Prints the most that the backend held (VmHWM without what it shares and what it held before), bytes a row, and the time. Connects as psql does; makes the table `wide_rows` anew
and a model `wide_rows`, which it drops.
"""

import subprocess
import sys
import threading
import time


def memory(pid):
    """Bytes of its own that a process holds now."""
    with open(f"/proc/{pid}/status") as file:
        fields = dict(line.split(":", 1) for line in file)
    return int(fields["RssAnon"].split()[0]) * 1024


def watch(pid, held, over):
    while not over.is_set():
        held[0] = max(held[0], memory(pid))
        time.sleep(0.01)


# What is learned, with which hyperparameters, and the metric that is shown.
LEARNERS = {
    "gradient_boosting": ("y", '{"n_estimators": 10}', "roc_auc"),
    "random_forest": ("y", '{"n_estimators": 10, "min_samples_leaf": 100}', "roc_auc"),
    "logistic_regression": ("y", "{}", "roc_auc"),
    "naive_bayes": ("y", "{}", "roc_auc"),
    "linear_regression": ("x0", "{}", "r2"),
    "elastic_net": ("x0", '{"alpha": 0.01}', "r2"),
    "k_means": (None, '{"num_clusters": 8}', "inertia"),
}


def run(rows, settings, algorithm):
    target, params, metric = LEARNERS[algorithm]
    target = f"'{target}'" if target else "NULL"
    psql = subprocess.Popen(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(text):
        psql.stdin.write(text + "\n")
        psql.stdin.flush()
        return psql.stdout.readline().strip()

    pid = int(ask(f"SET client_min_messages = error; {settings} SELECT pg_backend_pid();"))
    before = memory(pid)
    held, over = [0], threading.Event()
    watcher = threading.Thread(target=watch, args=(pid, held, over))
    watcher.start()
    started = time.monotonic()
    answer = ask(
        f"SELECT rows, metrics ->> '{metric}' FROM assay.train('wide_rows', 'SELECT * FROM wide_rows', {target}, '{algorithm}',"
        f" '{params}', deploy => 'never');"
    )
    seconds = time.monotonic() - started
    over.set()
    watcher.join()
    ask("SELECT assay.drop_model('wide_rows');")
    psql.stdin.close()
    psql.wait()
    most = held[0] - before
    print(f"{algorithm} {settings:30} {rows} rows: {most / 1e6:.0f} MB, {most / rows:.1f} bytes a row, {seconds:.1f} s; {answer}", flush=True)


def main():
    rows = int(sys.argv[1])
    columns = ", ".join(f"random() + i % {3 + place} AS x{place}" for place in range(22))
    make = (
        "DROP TABLE IF EXISTS wide_rows; SELECT setseed(0.5); CREATE UNLOGGED TABLE wide_rows AS"
        f" SELECT *, x0 + x1 * x2 / 4 + random() > 4 AS y FROM (SELECT {columns} FROM generate_series(1, {rows}) AS i) AS r; ANALYZE wide_rows;"
    )
    subprocess.run(["psql", "-Xqc", make], check=True, stdout=subprocess.DEVNULL)
    for algorithm in [name for name in sys.argv[2:] if name in LEARNERS] or ["gradient_boosting"]:
        run(rows, "SET assay.pack_rows = 1000;", algorithm)
        if "as_is" in sys.argv:
            run(rows, "SET assay.pack_rows = 0;", algorithm)


if __name__ == "__main__":
    main()

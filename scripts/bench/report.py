"""What all parts of the benchmark have in common: their settings, the table of results, and the rows that are measured."""

import os
import subprocess

from measure import Session, median, others_ended

ROWS = int(os.environ.get("BENCH_ROWS") or 1_000_000)
FEWER = min(ROWS, 100_000)
REPEAT = int(os.environ.get("BENCH_REPEAT") or 3)
FULL = os.environ.get("BENCH_FULL") == "1"
ONLY = (os.environ.get("BENCH_ONLY") or "").split()

NUMBERS = [f"x{i}" for i in range(1, 21)]
FEATURES = [*NUMBERS, "a", "b"]
SERIAL = "SET max_parallel_workers_per_gather = 0"
WIDTHS = "{:<40}{:>8}{:>8}{:>8}{:>8}{:>8}{:>7}{:>10}{:>6}"


class Table:
    """Lines for the terminal and for the file."""

    def __init__(self, path):
        self.file = open(path, "w")

    def say(self, text=""):
        print(text, flush=True)
        print(text, file=self.file, flush=True)

    def line(self, what, ours=("", ""), peer=("", ""), ratio=("", ""), goal="", met=""):
        self.say(WIDTHS.format(what, *ours, *peer, *ratio, goal, met).rstrip())

    def times(self, what, ours, peer=None, most=None):
        """Seconds beside seconds. With two ratios and one goal, the CPU's and the wall clock's may differ."""
        cells = lambda used: (seconds(used.wall), seconds(used.cpu))
        if peer is None:
            self.line(what, cells(ours), goal="" if most is None else f"<= {most}")
            return
        ratios = ours.wall / peer.wall, ours.cpu / max(peer.cpu, 1e-9)
        self.line(what, cells(ours), cells(peer), tuple(f"{ratio:.3f}" if ratio < 9.9995 else f"{ratio:.2f}" for ratio in ratios),
                  "" if most is None else f"<= {most}", "" if most is None else verdict(*(ratio <= most for ratio in ratios)))

    def limit(self, what, ours, most):
        """Seconds that may not be more than so many."""
        self.line(what, (seconds(ours.wall), seconds(ours.cpu)), goal=f"<= {most:g} s", met=verdict(ours.wall <= most, ours.cpu <= most))

    def value(self, what, ours, peer="", ratio="", goal="", met=None):
        """One figure that is no time, or one time alone."""
        self.line(what, (ours, ""), (peer, ""), (ratio, ""), goal, "" if met is None else "yes" if met else "NO")

    def quality(self, what, ours, peer, least=None):
        if peer is None:
            self.value(what, f"{ours:.4f}")
        else:
            self.value(what, f"{ours:.4f}", f"{peer:.4f}", f"{ours - peer:+.4f}", "" if least is None else f">= {least}",
                       None if least is None else ours - peer >= least)

    def stages(self, ours, peer):
        """Where the peer's wall time went."""
        if peer and peer.stages:
            self.say("    the peer's: " + ", ".join(f"{name} {seconds(took)}" for name, took in peer.stages.items()))


def seconds(value):
    return f"{value:.2f}" if value >= 9.995 else f"{value:.3f}"


def verdict(wall, cpu):
    return {(True, True): "yes", (True, False): "wall", (False, True): "CPU", (False, False): "NO"}[wall, cpu]


def run_file(script, database=None, **variables):
    """Runs a script of this folder."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), script)
    command = ["psql", "-X", "-q", "-o", os.devnull, "-v", "ON_ERROR_STOP=1", "-f", path]
    for name, value in variables.items():
        command += ["-v", f"{name}={value}"]
    with others_ended():
        subprocess.run(command, check=True, env=dict(os.environ, PGDATABASE=database or os.environ["PGDATABASE"]))


def comma(columns):
    return ", ".join(columns)


SCAN = f"SELECT {comma(f'sum({x})' for x in [*NUMBERS, 'amount'])} FROM bench"


def train(model, algorithm, features, target, table, split="none", params="{}", options=""):
    columns = [*features, target, *([split] if split != "none" else [])]
    return (f"SELECT rows, coalesce(metrics->>'roc_auc', metrics->>'r2') FROM train('{model}', 'SELECT {comma(columns)} FROM {table}', "
            f"'{target}', '{algorithm}', params => '{params}', split => '{split}', deploy => 'always'{options})")


class Sections:
    """A part of the benchmark: each of its sections is a method that measures and writes its lines."""

    # The names of the sections; the peers' script and what names its Python, or nothing when they are written in SQL.
    NAMES, PEERS = [], None

    def __init__(self, table, peers):
        self.table, self.peers = table, peers

    def ours(self, *sql):
        """The last of these statements, each time in a session of its own."""
        def once():
            with Session(*sql[:-1]) as session:
                return session.used(sql[-1])
        return once

    def peer(self, task, table="bench"):
        return (lambda: self.peers.used(task, table=table)) if self.peers else (lambda: None)

    def outcome(self, statement):
        """What a model's training says: the rows and a metric."""
        with Session() as session:
            return session.run(statement)[0].split("\t")

    def nanoseconds(self, queries, rows=ROWS, setup=()):
        """CPU nanoseconds a row of serial plans, the backend's thread alone, by the queries' names."""
        with Session(SERIAL, *setup, *queries.values()) as session:
            runs = self.by_turns(*[lambda sql=sql: session.used(sql, precise=True) for sql in queries.values()], repeat=2 * REPEAT + 1)
        return {name: run.cpu * 1e9 / rows for name, run in zip(queries, runs)}

    def by_turns(self, *kinds, repeat=REPEAT):
        """Each kind in turn, so that what else the machine does troubles all alike; the median of each."""
        runs = [[] for _ in kinds]
        for _ in range(repeat):
            for kind, run in zip(kinds, runs):
                run.append(kind())
        return [median(run) if run[0] is not None else None for run in runs]

"""Sessions of the server, the peers' process, and what each of them uses.

Wall time of SQL is psql's own. CPU time is what the session's backend and all its threads have used (/proc/<pid>/stat), with its parallel
workers, which the postmaster counts among its ended children. A peer's CPU time is that of its process and all its threads (getrusage) with
that of the programs it ran and of the backends that served it, workers included. The server's background processes and psql are counted nowhere.
"""

import json
import os
import re
import statistics
import subprocess
import threading
import time
from contextlib import contextmanager

TICK = 1 / os.sysconf("SC_CLK_TCK")
MARK = "-- done --"
SETTINGS = "-c client_min_messages=warning -c search_path=public,assay -c jit=off"


def postmaster():
    with open(os.path.join(os.environ["BENCH_DATA"], "postmaster.pid")) as file:
        return int(file.readline())


def stat(pid):
    """The fields of /proc/<pid>/stat after the command's name: 11 and 12 are its CPU time, 13 and 14 its ended children's."""
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rpartition(") ")[2].split()


def own_seconds(pid):
    fields = stat(pid)
    return (int(fields[11]) + int(fields[12])) * TICK


def children_seconds(pid):
    fields = stat(pid)
    return (int(fields[13]) + int(fields[14])) * TICK


def scheduled_seconds(pid):
    """CPU time of the main thread alone, to the nanosecond where the kernel keeps it."""
    try:
        with open(f"/proc/{pid}/schedstat") as file:
            return int(file.read().split()[0]) / 1e9
    except OSError:
        return own_seconds(pid)


def children(postmaster):
    """The server's processes: their ids and what they say they are."""
    with open(f"/proc/{postmaster}/task/{postmaster}/children") as file:
        pids = file.read().split()
    for pid in pids:
        try:
            with open(f"/proc/{pid}/cmdline") as file:
                yield int(pid), file.read().split("\0")[0]
        except OSError:
            pass  # It has ended.


def parallel_workers(postmaster, leader):
    """The processes of a backend's parallel workers."""
    return [pid for pid, title in children(postmaster) if title.startswith(f"postgres: parallel worker for PID {leader}")]


@contextmanager
def others_ended():
    """Ends when the sessions begun within have ended: the time of one that ends while another is measured would count as the other's."""
    server = postmaster()
    before = {pid for pid, _ in children(server)}
    yield
    while any(pid not in before and "[local]" in title for pid, title in children(server)):
        time.sleep(0.05)


def own_bytes(pid):
    """Memory that a process shares with no other."""
    try:
        with open(f"/proc/{pid}/status") as file:
            return int(re.search(r"RssAnon:\s+(\d+) kB", file.read())[1]) * 1024
    except (OSError, TypeError):
        return 0


class SqlError(Exception):
    pass


class Used:
    """What one thing took, in seconds."""

    def __init__(self, wall, cpu, output=(), stages=None):
        self.wall, self.cpu, self.output, self.stages = wall, cpu, list(output), stages or {}


def median(runs):
    """Wall and CPU each by its own median; the rest is that of the run of the median wall time."""
    typical = sorted(runs, key=lambda run: run.wall)[len(runs) // 2]
    return Used(statistics.median(run.wall for run in runs), statistics.median(run.cpu for run in runs), typical.output, typical.stages)


class Session:
    """A psql of its own."""

    def __init__(self, *setup, database=None):
        environment = dict(os.environ, PGOPTIONS=SETTINGS)
        if database:
            environment["PGDATABASE"] = database
        self.psql = subprocess.Popen(["psql", "-X", "-q", "-A", "-t", "-F", "\t"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                     stderr=subprocess.STDOUT, text=True, env=environment)
        self.pid = int(self.run("SELECT pg_backend_pid()")[0])
        self.postmaster = postmaster()
        for statement in setup:
            self.run(statement)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.psql.stdin.close()
        self.psql.wait()
        while os.path.exists(f"/proc/{self.pid}"):
            time.sleep(0.01)

    def run(self, sql):
        """Runs statements, and gives the lines of their answers."""
        self.psql.stdin.write(f"{sql}\n;\n\\echo '{MARK}'\n")
        self.psql.stdin.flush()
        lines = []
        for line in self.psql.stdout:
            if line.rstrip("\n") == MARK:
                break
            lines.append(line.rstrip("\n"))
        else:
            raise SqlError("\n".join(lines) or "the session has ended")
        if any(line.startswith(("ERROR:", "FATAL:", "psql:")) for line in lines):
            raise SqlError("\n".join(lines))
        return lines

    def used(self, sql, precise=False):
        """What one statement takes. Precise: only the backend's own thread counts, so the plan must be serial."""
        own = scheduled_seconds if precise else own_seconds
        before = own(self.pid), children_seconds(self.postmaster)
        output = self.run(f"\\timing on\n{sql}\n;\n\\timing off")
        if not precise:
            time.sleep(0.05)  # The postmaster takes note of ended workers.
        cpu = own(self.pid) - before[0] + (0 if precise else children_seconds(self.postmaster) - before[1])
        times = [line for line in output if re.match(r"Time: [0-9.]+ ms", line)]
        return Used(float(times[-1].split()[1]) / 1000, cpu, [line for line in output if line not in times])

    def held(self, sql):
        """The most memory that a statement takes, in bytes: by what the backend's peak grows, and all that its parallel workers have to themselves."""
        before, workers, done = self.peak(), {}, threading.Event()

        def watch():
            while not done.wait(0.005):
                for pid in parallel_workers(self.postmaster, self.pid):
                    workers[pid] = max(workers.get(pid, 0), own_bytes(pid))

        thread = threading.Thread(target=watch)
        thread.start()
        try:
            self.run(sql)
        finally:
            done.set()
            thread.join()
        return self.peak() - before + sum(workers.values())

    def peak(self):
        """The most memory that the backend has had so far, in bytes."""
        with open(f"/proc/{self.pid}/status") as file:
            return int(re.search(r"VmHWM:\s+(\d+) kB", file.read())[1]) * 1024


class Peers:
    """The process of a script of peers: it is sent a task a line and answers with a line."""

    def __init__(self, script, python):
        environment = dict(os.environ, OMP_NUM_THREADS="2", OPENBLAS_NUM_THREADS="2", OMP_WAIT_POLICY="passive", PGOPTIONS="-c jit=off")
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), script)
        self.process = subprocess.Popen([python, script, str(postmaster())], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        env=environment)
        self.versions = self.answer()["versions"]

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("assay: the peers' process has ended")
        return json.loads(line)

    def used(self, task, **arguments):
        """What a task took; `output` holds what it says beside."""
        print(json.dumps({"task": task, **arguments}), file=self.process.stdin, flush=True)
        answer = self.answer()
        return Used(answer["wall"], answer["cpu"], [answer["result"]], answer["stages"])

    def close(self):
        self.process.stdin.close()
        self.process.wait()

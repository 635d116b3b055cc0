#!/usr/bin/env python3
"""Runs the examples of README.md and docs/: each page in a fresh copy of the sample database, as one psql session, block by block.

A block of language sql is run. When a block of language text follows it, that is what psql -q prints, its messages included; without one the
block must succeed. A block of language python is run in the same way, as a program of its own. What no test can run is in blocks of other languages.
In an expected output <time>, <date>, <hash>, <number> and <any> stand for what differs from run to run; spaces and rules count for less then.

    tests/docs.py [PAGE...]

Prints 'ok - NAME' and 'not ok - NAME' lines. A page whose outputs differ is written with those of this run to <results>/docs, from where
`make accept` takes it. PGHOST, PGPORT and PGUSER say where psql finds a server, and PGDATABASE names the copies. SAMPLE names a database that has
the sample tables; without it one is made.
"""

import difflib
import os
import pathlib
import re
import select
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
RESULTS = pathlib.Path(os.environ.get("RESULTS", ROOT / "target" / "test")) / "docs"
# Its examples are those of the comments, which tests/clients/comments.sh runs.
GENERATED = {"docs/reference.md"}
MASKS = {"<time>": r"[-0-9:. ]+(?:\+00)?", "<date>": r"\d{4}-\d\d-\d\d", "<hash>": r"[0-9a-f]+", "<number>": r"-?[0-9.]+(?:e-?\d+)?", "<any>": r".*?"}
END = "-- the end of a block --"
SECONDS = 120

FENCE = re.compile(r"^```(\w*)\n(.*?)^```\n", re.M | re.S)


class Session:
    """A psql that is given one block after the other."""

    def __init__(self, database, environment):
        # Line by line, so that messages stand where they belong between results.
        command = ["stdbuf", "-oL", "psql", "-X", "-q", "-d", database]
        self.psql = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment, cwd=ROOT)

    def run(self, block):
        self.psql.stdin.write(f"{block}\n\\echo '{END}'\n".encode())
        self.psql.stdin.flush()
        output = b""
        while not output.endswith(f"{END}\n".encode()):
            ready, _, _ = select.select([self.psql.stdout], [], [], SECONDS)
            more = os.read(self.psql.stdout.fileno(), 65536) if ready else b""
            if not more:
                self.psql.kill()
                raise SystemExit(f"psql did not come to the end of:\n{block}\n{output.decode()}")
            output += more
        return output.decode().removesuffix(f"{END}\n")

    def close(self):
        self.psql.stdin.close()
        self.psql.wait()


def tidy(output):
    """An output without what nobody sees: spaces at the ends of lines, and empty lines at its own ends."""
    return "".join(f"{line.rstrip()}\n" for line in output.strip("\n").split("\n"))


def matches(expected, output):
    if expected == output:
        return True
    if not any(mask in expected for mask in MASKS):
        return False

    def loose(text):
        return re.sub(r" *\n *", "\n", re.sub(r"-{2,}", "--", re.sub(r" +", " ", text)))

    pattern = re.escape(loose(expected)).replace(r"\ ", " ?").replace(r"\-\-", "-+").replace("--", "-+")
    for mask, found in MASKS.items():
        pattern = pattern.replace(re.escape(mask), found)
    return re.fullmatch(pattern, loose(output)) is not None


def failed(language, output, status):
    return status != 0 or (language == "sql" and re.search(r"^(ERROR|FATAL):", output, re.M) is not None)


def run_page(page, database, environment):
    """The page with the outputs of this run, and what is wrong with it."""
    text = page.read_text()
    faults, pieces, end = [], [], 0
    session = Session(database, environment)
    fences = list(FENCE.finditer(text))
    for fence, following in zip(fences, fences[1:] + [None]):
        language, block = fence.groups()
        if language not in ("sql", "python"):
            continue
        status = 0
        if language == "sql":
            output = tidy(session.run(block))
        else:
            done = subprocess.run([os.environ.get("python", sys.executable), "-c", block], env=dict(environment, PGDATABASE=database), cwd=ROOT,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=SECONDS)
            output, status = tidy(done.stdout.decode()), done.returncode
        line = text.count("\n", 0, fence.start()) + 1
        if following and following.group(1) == "text" and not text[fence.end() : following.start()].strip():
            expected = following.group(2)
            if not matches(expected, output):
                difference = difflib.unified_diff(expected.splitlines(), output.splitlines(), "on the page", "in this run", lineterm="", n=1)
                faults.append(f"line {line}: another output\n" + "\n".join(difference))
                pieces += [text[end : following.start(2)], output]
                end = following.end(2)
        elif failed(language, output, status):
            faults.append(f"line {line}: {output}")
    session.close()
    return "".join(pieces) + text[end:], faults


def sql(statement, database="postgres"):
    done = subprocess.run(["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", statement], check=True, stdout=subprocess.PIPE)
    return done.stdout.decode().split()


def anchors(text):
    headings = re.findall(r"^#+ +(.*)$", FENCE.sub("", text), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def dead_links(pages):
    for page in pages:
        for link in re.findall(r"\]\(([^)\s]+)\)", FENCE.sub("", page.read_text())):
            if re.match(r"\w+:", link):
                continue
            name, _, anchor = link.partition("#")
            target = (page.parent / name).resolve() if name else page
            if not target.exists() or (anchor and anchor not in anchors(target.read_text())):
                yield f"{page.relative_to(ROOT)}: {link}"


def verdict(name, faults):
    print(f"ok - {name}" if not faults else f"not ok - {name}")
    for fault in faults:
        print("\n".join(f"    {line}" for line in fault.split("\n")))
    sys.stdout.flush()


def main():
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    prefix = os.environ.get("PGDATABASE", "docs")
    environment = dict(os.environ, PGTZ="UTC", PGDATESTYLE="ISO", PGCLIENTENCODING="UTF8", LC_ALL="C.UTF-8")
    given = os.environ.get("SAMPLE")
    sample = given or f"{prefix}_pages"
    if not given:
        sql(f"CREATE DATABASE {sample}")
    try:
        if not given:
            subprocess.run(["psql", "-X", "-q", "-d", sample, "-f", "scripts/sample.sql"], check=True, cwd=ROOT, env=environment)
        # How long a training takes is no part of an output.
        for page in pages:
            name = str(page.relative_to(ROOT))
            if name in GENERATED or (sys.argv[1:] and name not in sys.argv[1:]):
                continue
            database = f"{prefix}_page"
            roles = set(sql("SELECT rolname FROM pg_roles"))
            sql(f"CREATE DATABASE {database} TEMPLATE {sample}")
            sql(f"ALTER DATABASE {database} SET assay.progress = 0")
            try:
                accepted, faults = run_page(page, database, environment)
            finally:
                sql(f"DROP DATABASE {database} WITH (FORCE)")
                for role in sorted(set(sql("SELECT rolname FROM pg_roles")) - roles):
                    sql(f'DROP ROLE "{role}"')
            result = RESULTS / name
            result.unlink(missing_ok=True)
            if accepted != page.read_text():
                result.parent.mkdir(parents=True, exist_ok=True)
                result.write_text(accepted)
            verdict(f"the examples of {name} print what it says", faults)
    finally:
        if not given:
            sql(f"DROP DATABASE {sample} WITH (FORCE)")
    verdict("every link of the pages leads somewhere", list(dead_links(pages)))


main()

#!/usr/bin/env python3
"""Lists what SQL that runs with the extension's rights leaves to a search path: operators, functions and casts without a schema.

It reads the scripts (tables, views, indexes, triggers: what is resolved once and runs later as somebody) and the statements in Rust files that
run as the owner of assay's tables. Exits with 1 when it finds something.
"""

import pathlib
import re
import sys

# What looks like a call, and is grammar.
WORDS = """all and any array as check coalesce conflict each execute exists extract filter foreign from greatest in into key least limit lock
materialized not on or over primary references row select set then unique using values when where with""".split()
# Types that the grammar itself finds in pg_catalog.
TYPES = r"double precision|bigint|integer|boolean"
OPERATOR = re.compile(r"OPERATOR\(pg_catalog\.[^)\s]+\)")
FINDINGS = {
    "operator": re.compile(r"(?<![-+*/<>=~!@#%^&|?])(?:[-+/<>=~!@#%^&|?]+)(?![-+*/<>=~!@#%^&|?])"),
    "function": re.compile(r"(?<![\w.\"$])([a-z_]\w*)\s*\("),
    "cast": re.compile(rf"::(?!pg_catalog\.|assay\.|(?:{TYPES})\b)\s*\w+|\bCAST\s*\("),
    "operator in disguise": re.compile(
        r"\b(?:IN\s*\(|BETWEEN\b|I?LIKE\b|SIMILAR\b|NULLIF\b|IS\s+(?:NOT\s+)?DISTINCT\b|USING\s*\(|CASE\s+(?!WHEN\b)\w)", re.I
    ),
}


def findings(sql):
    sql = OPERATOR.sub(" ; ", sql)
    # Assignments and named arguments are grammar; so are a column list after an alias and a star.
    sql = re.sub(r"=>|\)\s*=\s*ROW\b", " , ", sql)
    sql = re.sub(r"(\bSET\s+|,\s*)([a-z_]+)\s*=", r"\1\2 , ", sql)
    sql = re.sub(r"(\bSET\s+\([^()]*\)\s*)=(?=\s*ROW\b)", r"\1", sql)
    # What kind of index it is.
    sql = re.sub(r"\bUSING (?:btree|hash)\b", " ", sql)
    sql = re.sub(r"\b(AS|INTO|UPDATE|ON|VIEW|TABLE)\s+([\w.]+)\s*\(", r"\1 \2, (", sql)
    for kind, pattern in FINDINGS.items():
        for match in pattern.finditer(sql):
            if kind == "function" and match.group(1).lower() in WORDS:
                continue
            yield kind, " ".join(sql[max(0, match.start() - 30) : match.end() + 20].split())


def of_script(text):
    text = re.sub(r"'(?:[^']|'')*'", "''", re.sub(r"--[^\n]*", "", text))
    for statement in text.split(";"):
        words = statement.split()[:2]
        # A function is C; what an aggregate, a type or a comment names has its schema by the rest of the tests.
        if words and not (words[0] == "COMMENT" or words[:1] == ["CREATE"] and words[1] in ("FUNCTION", "AGGREGATE", "TYPE", "CAST")):
            # The types of a table's columns are no calls.
            yield re.sub(r"\bWITH \((?:security_barrier|fillfactor = [0-9]+)\)", "", statement)


def of_rust(text):
    if "as_owner" not in text:
        return
    for literal in re.findall(r'"((?:[^"\\]|\\.)*)"', text, re.S):
        literal = re.sub(r"'(?:[^']|'')*'", "''", re.sub(r"\{\w*\}", "x", literal.replace('\\"', "")))
        if re.match(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b", literal):
            yield literal


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    sources = [(path, of_script) for path in sorted(root.glob("sql/[0-9]*.sql"))]
    sources += [(path, of_rust) for path in sorted(root.glob("src/**/*.rs"))]
    count = 0
    for path, statements in sources:
        for statement in statements(path.read_text()):
            for kind, place in findings(statement):
                count += 1
                print(f"{path.relative_to(root)}: {kind} without a schema: ... {place} ...")
    sys.exit(count > 0)


main()

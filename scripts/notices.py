#!/usr/bin/env python3
"""Prints the notices of what is compiled into the library: each crate with its licence, and the texts that go along with it.

    scripts/notices.py FEATURE      FEATURE is one of the package's, such as pg15

It reads Cargo.lock and the crates where cargo has unpacked them, and asks no network. Where a crate leaves the choice, it is used under the
Apache License 2.0, which is assay's own. A licence that deny.toml does not allow, and a text that is not found, are errors.
"""

import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SOURCES = pathlib.Path(os.environ.get("CARGO_HOME", pathlib.Path.home() / ".cargo")) / "registry" / "src"
OWN = "Apache-2.0"
# One crate has it in a file with others.
WHOLE_APACHE = re.compile(r"^ *Apache License\n *Version 2\.0, January 2004\n.*?^ *limitations under the License\.$", re.M | re.S)
# What a crate means that says MIT and brings no text.
MIT = """MIT License

Copyright (c) {holders}

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the "Software"),
to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge, publish, distribute, sublicense,
and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS
IN THE SOFTWARE."""


def linked(feature):
    """Each crate that ends up in the library, as (name, version, licence, repository): no macros, and nothing that only builds or tests need."""
    command = ["cargo", "tree", "--offline", "--locked", "--package", "assay", "--edges", "normal,no-proc-macro", "--prefix", "none",
               "--no-default-features", "--features", feature, "--format", "{p}\t{l}\t{r}\t"]
    tree = subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=ROOT, text=True).stdout
    lines = {tuple(line.split("\t")[:3]) for line in tree.splitlines() if line}
    return sorted((*package.split()[:2], licence, repository) for package, licence, repository in lines if f"({ROOT}" not in package)


def list_of(file, key):
    """The texts of the first list of that name in a TOML file; Python reads TOML by itself only from 3.11 on."""
    found = re.search(rf"^{key} = \[(.*?)\]", file.read_text(encoding="utf-8"), re.M | re.S)
    return re.findall(r'"([^"]*)"', found.group(1)) if found else []


def used_under(expression, allowed):
    """The licences of an SPDX expression that a crate is used under."""
    chosen = []
    for part in expression.split(" AND "):
        choices = [choice for choice in re.split(r" OR |/", part.strip("()")) if choice in allowed]
        if not choices:
            raise ValueError(f"{expression} is not allowed by deny.toml")
        chosen.append(OWN if OWN in choices else choices[0])
    return chosen


def texts(folder, licences):
    """The texts of a crate that have to go along when it is used under these licences."""
    found = []
    for file in sorted(folder.iterdir()):
        name = file.name.upper()
        is_licence = re.match(r"LICEN[CS]E|COPYING", name) and "APACHE" not in name
        if file.is_file() and (name.startswith("NOTICE") or (is_licence and licences != [OWN])):
            found.append(WHOLE_APACHE.sub("(the text of the Apache License 2.0)", file.read_text(encoding="utf-8").strip()))
    if "MIT" in licences and not any("Permission is hereby granted" in text for text in found):
        found.insert(0, MIT.format(holders=", ".join(list_of(folder / "Cargo.toml", "authors")) or f"the authors of {folder.name}"))
    if not found and licences != [OWN]:
        raise ValueError(f"no text of {' and '.join(licences)} in {folder}")
    return found


def main():
    allowed = list_of(ROOT / "deny.toml", "allow")
    lines, sharers, faults = [], {}, []
    for name, version, licence, repository in linked(sys.argv[1]):
        crate = f"{name} {version}"
        try:
            licences = used_under(licence, allowed)
            folder = next(SOURCES.glob(f"*/{name}-{version.removeprefix('v')}"), None)
            if not folder:
                raise ValueError(f"not unpacked in {SOURCES}")
            for text in texts(folder, licences):
                sharers.setdefault(text, []).append(crate)
            lines.append(f"{crate}: {' and '.join(licences)}, {repository or 'https://crates.io/crates/' + name}")
        except ValueError as error:
            faults.append(f"{crate}: {error}")
    if faults:
        sys.exit("\n".join(faults))
    print("What is compiled into the library of assay beside assay itself, and the licences under which it is used.")
    print("The text of the Apache License 2.0 goes along with assay; those of the others follow.\n")
    print("Rust's standard library: Apache-2.0, https://github.com/rust-lang/rust")
    print("\n".join(lines))
    for text, crates in sharers.items():
        print(f"\n{'-' * 80}\n{', '.join(crates)}\n\n{text}")


main()

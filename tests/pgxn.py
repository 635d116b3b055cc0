#!/usr/bin/env python3
"""Holds META.json to PGXN's specification 1.0.0 and to the version that is its argument: prints what is wrong, and ends with 1 then."""

import json
import pathlib
import re
import sys

# Semantic versions, and terms without spaces, control characters and slashes, as the specification has them.
VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[-0-9A-Za-z]+(\.[-0-9A-Za-z]+)*)?")
TERM = re.compile(r"[^\s\x00-\x1f/\\]{2,}")
TAG = re.compile(r"[^\x00-\x1f/\\]{2,255}")
LICENSES = {"agpl_3", "apache_1_1", "apache_2_0", "artistic_1", "artistic_2", "bsd", "freebsd", "gfdl_1_2", "gfdl_1_3", "gpl_1", "gpl_2", "gpl_3",
            "lgpl_2_1", "lgpl_3_0", "mit", "mozilla_1_0", "mozilla_1_1", "openssl", "perl_5", "postgresql", "qpl_1_0", "ssleay", "sun", "zlib"}
FIELDS = {"abstract", "maintainer", "license", "name", "provides", "version", "meta-spec", "description", "generated_by", "no_index", "prereqs",
          "release_status", "resources", "tags"}
REQUIRED = {"abstract", "maintainer", "license", "name", "provides", "version", "meta-spec"}
PHASES, RELATIONS = {"configure", "build", "test", "runtime", "develop"}, {"requires", "recommends", "suggests", "conflicts"}


def faults(meta, version, root):
    for key in REQUIRED - meta.keys():
        yield f"{key} is missing"
    for key in meta.keys() - FIELDS:
        if not key.lower().startswith("x_"):
            yield f"{key} is no field"
    if not TERM.fullmatch(meta.get("name", "")):
        yield "the name is no term"
    if meta.get("license") not in LICENSES:
        yield f"no license {meta.get('license')}"
    if meta.get("release_status", "stable") not in {"stable", "testing", "unstable"}:
        yield f"no release status {meta['release_status']}"
    if meta.get("meta-spec", {}).get("version") != "1.0.0":
        yield "another specification"
    for tag in meta.get("tags", []):
        if not TAG.fullmatch(tag):
            yield f"no tag {tag}"
    for phase, relations in meta.get("prereqs", {}).items():
        if phase not in PHASES or not relations.keys() <= RELATIONS:
            yield f"no prerequisite {phase}: {relations}"
        for name, least in ((name, least) for needed in relations.values() for name, least in needed.items()):
            if least != 0 and not VERSION.fullmatch(str(least)):
                yield f"no version of {name}: {least}"
    if not meta.get("provides"):
        yield "it provides nothing"
    for name, provided in {"": meta, **meta.get("provides", {})}.items():
        if not VERSION.fullmatch(provided.get("version", "")) or provided["version"] != version:
            yield f"{name or 'META.json'} has version {provided.get('version')}, assay.control {version}"
    for name, provided in meta.get("provides", {}).items():
        for key in ("file", "docfile"):
            if (key == "file" or key in provided) and not (root / provided.get(key, "?")).is_file():
                yield f"{name}: no {key} {provided.get(key)}"


root = pathlib.Path(__file__).resolve().parent.parent
found = list(faults(json.loads((root / "META.json").read_text()), sys.argv[1], root))
print("\n".join(found), end="\n" if found else "")
sys.exit(bool(found))

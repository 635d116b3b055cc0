"""Writes checks.csv and checks_parent.csv, the tables that checks.py judges: 200 orders with every kind of flaw, and their customers.

Needs the standard library alone, and writes the same bytes each time:  python checks_table.py
In the files an empty field is NULL and "" the empty text, as COPY reads CSV.
"""

import datetime
import pathlib
import random

ROWS = 200
COLUMNS = ["id", "ref", "parent_id", "status", "quantity", "price", "ratio", "score", "email", "code", "born", "placed", "starts", "ends", "flag",
           "nothing", "same"]


class Draw(random.Random):
    """Only random() is used: its numbers are the same in all versions of Python."""

    def between(self, low, high):
        return low + int(self.random() * (high - low + 1))

    def one_of(self, items):
        return items[int(self.random() * len(items))]

    def normal(self, mean, deviation):
        return mean + deviation * (sum(self.random() for _ in range(12)) - 6)


def table():
    draw = Draw(20240501)
    moment = datetime.datetime(2024, 3, 1)
    rows = []
    for i in range(1, ROWS + 1):
        moment += datetime.timedelta(minutes=draw.between(5, 120), seconds=draw.between(0, 59))
        length = draw.between(0, 86400 * 3)
        rows.append({
            "id": i, "ref": 1000 + i, "parent_id": draw.between(1, 20), "status": draw.one_of(["new", "open", "open", "open", "closed", "closed"]),
            "quantity": draw.between(1, 50), "price": f"{draw.between(1, 9999) / 100:.2f}", "ratio": round(draw.random(), 4),
            "score": round(draw.normal(50, 10), 3), "email": f"user{i}@example.{draw.one_of(['com', 'org'])}",
            "code": f"{draw.one_of('ABC')}{draw.one_of('XYZ')}-{draw.between(1000, 9999)}",
            "born": (datetime.date(1950, 1, 1) + datetime.timedelta(days=draw.between(0, 20000))).isoformat(), "placed": moment.isoformat(" "),
            "starts": moment.isoformat(" ") + "+00", "ends": (moment + datetime.timedelta(seconds=length)).isoformat(" ") + "+00",
            "flag": draw.one_of(["t", "f"]), "nothing": None, "same": 7,
        })
    return rows


def spoil(rows):
    """The flaws, each in rows of its own choice: row number to value."""
    flaws = {
        "ref": {12: 1011, 13: 1011, 40: 1039, 77: 1076, 5: None, 50: None, 150: None, 151: None},
        "parent_id": {3: 99, 4: 99, 90: 77, **{i: None for i in (10, 20, 30, 60, 61, 62, 199)}},
        "status": {7: "Open", 8: "Open", 15: "", 16: " open", 70: "lost", 71: "lost", 72: "lost", **{i: None for i in (100, 101, 120, 140, 180)}},
        "quantity": {6: -1, 66: -1, 106: -20, 166: 51, 176: 500, 33: 0, 34: 50, **{i: None for i in (21, 41, 81, 121, 122, 161)}},
        "price": {2: "0.00", 18: "100.00", 19: "100.01", 28: "-0.01", 44: "0.00", 45: None, 46: None, 147: None},
        "ratio": {9: "NaN", 29: "NaN", 49: "NaN", 69: "NaN", 14: "Infinity", 24: "-Infinity", 31: "1.0001", 32: 0, 35: 1,
                  **{i: None for i in (36, 37, 38, 136, 138)}},
        "score": {11: 250.5, 111: -90.25, 112: 130, 113: 91, **{i: None for i in (51, 52, 53, 54, 155, 156, 157, 158)}},
        "email": {1: "", 17: "   ", 22: "nobody", 23: "two@@example.com", 25: "ümlaut@exämple.org", 26: "a@b", 27: "UPPER@EXAMPLE.COM",
                  47: "line@example.com\n", 48: "user48@example.com ", 55: "o'neill@example.org", **{i: None for i in (56, 57, 58, 59)}},
        "code": {63: "ax-1234", 64: "AX1234", 65: "AX-123", 67: "", 68: "ÄX-1234", 73: "日本-1234", 74: "AX-12345", 75: "\t", 76: None, 78: None},
        "born": {79: "2999-01-01", 80: "2999-12-31", 82: "1899-12-31", 83: None, 84: None, 85: None},
        "placed": {86: None},
        "ends": {87: "2024-02-01 00:00:00+00", 88: "2024-02-01 00:00:00+00", 89: "1970-01-01 00:00:00+00", 91: rows[90]["starts"], 92: rows[91]["starts"],
                 **{i: None for i in range(191, 201)}},
        "flag": {93: None, 94: None},
    }
    for column, changes in flaws.items():
        for row, value in changes.items():
            rows[row - 1][column] = value
    return rows


def field(value):
    if value is None:
        return ""
    text = str(value)
    return '"' + text.replace('"', '""') + '"' if text == "" or any(c in text for c in ' ",\n\t\\') else text


def write(name, columns, rows):
    lines = [",".join(columns), *(",".join(field(row[column]) for column in columns) for row in rows)]
    pathlib.Path(__file__).with_name(name).write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


write("checks.csv", COLUMNS, spoil(table()))
write("checks_parent.csv", ["id", "name"], [{"id": i, "name": f"customer {i}"} for i in range(1, 26)])

"""Changes to bytes, JSON and SQL that nobody in their right mind would send. All come from one random number generator, so that a seed repeats
them."""

import copy
import struct

NUMBERS = [0, -0.0, 1, -1, 0.5, 2**31, 2**63 - 1, -2**63, 2**64, 10**30, 1e308, -1e308, 5e-324, 1e-7]
TEXTS = ["", " ", "a", "'", "''", '"', '"a"', "\\", "$$", "--", "/*", "*/", ";", ")", "(", "%", "%s", "{}", "{NULL}", "{1,2}", "NaN", "Infinity",
         "-infinity", "1e400", "0000-00-00", "294277-01-01", "4714-11-24 BC", "99999 years", "-178000000 years", "\\x", "\u202e", "\u200b", "ü" * 300,
         "名前", "x" * 20_000, "(" * 3_000, "[a-z]{1000}{1000}", "(?:" * 300 + ")" * 300, "(a*)*$", "\\p{Greek}", "null", "true", "a.b.c.d", "pg_class",
         "month(x)", "x", "select 1", "select 1; select 2", "1) OR (1=1", "1/0", "(select 1/0)", "random() < 2", ">0", ">=101%", "between 2 and 1"]


def of_bytes(random, good, others):
    """Bytes with some of them changed, taken out, repeated, or put in from elsewhere."""
    changed = bytearray(good)
    for _ in range(random.randint(1, 4)):
        place = random.randrange(len(changed) + 1)
        length = random.choice([1, 1, 2, 4, 8, random.randrange(64)])
        part = [
            bytes(random.randrange(256) for _ in range(length)),
            bytes([random.choice([0, 1, 0x7f, 0x80, 0xff])]) * length,
            struct.pack("<d", random.choice([float("nan"), float("inf"), -0.0, 1e308, -1e308, 5e-324])),
            b"\xff" * 9 + b"\x01",
            bytes(changed[place:place + length]),
        ]
        match random.randrange(4):
            case 0 if place < len(changed):
                changed[place] ^= 1 << random.randrange(8)
            case 1:
                changed[place:place + length] = random.choice(part)
            case 2:
                changed[place:place] = random.choice(part)
            case _:
                other = random.choice(others)
                start = random.randrange(len(other) + 1)
                changed[place:place + random.choice([0, length])] = other[start:start + random.choice([length, 200])]
    if random.random() < 0.1:
        del changed[random.randrange(len(changed) + 1):]
    return bytes(changed)


def value(random):
    """A JSON value of any kind."""
    match random.randrange(8):
        case 0 | 1:
            return random.choice(NUMBERS)
        case 2 | 3 | 4:
            return random.choice(TEXTS)
        case 5:
            return random.choice([None, True, False, [], {}])
        case 6:
            return [value(random) for _ in range(random.randrange(4))]
        case _:
            nested = value(random)
            for _ in range(random.choice([1, 2, 100])):
                nested = random.choice([[nested], {random.choice(TEXTS[:30]): nested}])
            return nested


def of_json(random, good, others):
    """A JSON object with some of its parts changed, taken out, renamed, or taken from others."""
    changed = copy.deepcopy(good)
    for _ in range(random.randint(1, 3)):
        place = changed
        while isinstance(place, dict) and place:
            key = random.choice(list(place))
            if isinstance(place[key], dict) and random.random() < 0.7:
                place = place[key]
                continue
            match random.randrange(6):
                case 0:
                    del place[key]
                case 1:
                    place[random.choice(TEXTS[:30])] = place.pop(key)
                case 2:
                    place.update(copy.deepcopy(random.choice(others)))
                case _:
                    place[key] = value(random)
            break
    return changed


TOKENS = ["select", "values", "table", "with", "from", "where", "x", "t", "c", "*", ",", "(", ")", "((", "))", "'a'", "'", '"', '"x"', "$$", "$1", "--", "--\n", "/*",
          "*/", ";", "1", "1e400", "0", "::int", "::text", "=", "<", "||", "/0", "and", "or", "not", "null", "is null", "in", "over ()", "count(*)", "generate_series(1,3)",
          "random()", "as", "order by", "limit", "union", "for update", "into", "delete from", "update", "ß", "名", "\u00a0", "\t", "\n", ".", "..", "e'\\''", "u&'\\0041'",
          "b'1'", "x'f'", "current_user", "array[", "]", "row(", "case when", "end", "interval '1 day'", "[", "{", "t.*", "(t).x", "lateral", "collate \"C\"", "at time zone 'UTC'"]


def sql(random):
    """Pieces of SQL, one after another."""
    if random.random() < 0.05:
        piece = random.choice(["(", "not ", "-", "1+", "x,", "[", "/*", "case when x then "])
        return piece * random.choice([100, 10_000]) + "1"
    start = random.choice(["", "", "select ", "select x from t where ", "t", "x > ", "("])
    return start + random.choice([" ", "", "\n"]).join(random.choice(TOKENS) for _ in range(random.randint(1, 9)))

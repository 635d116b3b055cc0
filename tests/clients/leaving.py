"""What leaves for a server, by its options columns and redact. Prints 'ok - NAME' or 'not ok - NAME' for each promise."""

import json
import sys

import psycopg
import psycopg.sql

from endpoint_server import Endpoint
from promises import check

work = sys.argv[1]
endpoint = Endpoint()
database = psycopg.connect("", autocommit=True)
database.execute("SET client_min_messages = warning")
database.execute("CREATE EXTENSION IF NOT EXISTS assay")
database.execute("SET assay.endpoints = '127.0.0.1'")


def refused(statement, *parameters):
    """The error of a statement, all that it says, and how many calls it made."""
    before = len(endpoint.seen)
    try:
        return "accepted", str(database.execute(statement, parameters).fetchall()), len(endpoint.seen) - before
    except psycopg.Error as error:
        diag = error.diag
        return diag.sqlstate, " | ".join(filter(None, (diag.message_primary, diag.message_detail, diag.message_hint))), len(endpoint.seen) - before


def server(name, **options):
    options = {"base_url": f"http://127.0.0.1:{endpoint.port}/v1", **options}
    listed = ", ".join(f"{key} {psycopg.sql.quote(value)}" for key, value in options.items())
    database.execute(f"CREATE SERVER {name} FOREIGN DATA WRAPPER assay_http OPTIONS ({listed})")


def sent():
    """All texts that the endpoint has been sent, as one."""
    return json.dumps([seen["body"] for seen in endpoint.seen], ensure_ascii=False)


PRIVATE = "Anna Schmidt <anna@example.com>, +49 30 1234567, paid with 4111 1111 1111 1111"
server("masked", redact='{"names": ["Anna", "Schmidt"]}')
database.execute("SELECT assay.register_remote('masked', 'masked', 'm', dimensions => 4)")
database.execute("SELECT assay.register_remote('masked_ranks', 'masked', 'm', 'reranking')")
database.execute("SELECT assay.embed_remote('masked', %s::text)", (PRIVATE,))
check("a text is redacted before it is embedded", endpoint.seen[-1]["body"]["input"] == ["[person] <[email]>, [phone], paid with [card]"], endpoint.seen[-1])
database.execute("SELECT assay.embed_remote('masked', %s::text[])", (["one", PRIVATE],))
check("so is each of several", endpoint.seen[-1]["body"]["input"] == ["one", "[person] <[email]>, [phone], paid with [card]"], endpoint.seen[-1])
database.execute("SELECT assay.rerank_remote('masked_ranks', 'who is anna@example.com', ARRAY['Anna', 'call 030 1234567'])")
body = endpoint.seen[-1]["body"]
check("and what is reranked, with its question", (body["query"], body["documents"]) == ("who is [email]", ["[person]", "call [phone]"]), body)

# Pseudonyms need a key.
server("named", redact="pseudonym")
database.execute("SELECT assay.register_remote('named', 'named', 'm', dimensions => 4)")
embed = "SELECT assay.embed_remote('named', %s::text)"
answer = refused(embed, PRIVATE)
check("without a key of pseudonyms nothing is sent", answer[0] == "ML041" and answer[2] == 0, answer)
for path, problem in ((f"{work}/none", "cannot be read"), (f"{work}/short.key", "too short"), (work, "cannot be read")):
    database.execute("SELECT set_config('assay.pseudonym_key_file', %s, false)", (path,))
    answer = refused(embed, PRIVATE)
    check(f"nor with one that is no key: {problem}", answer[0] == "ML041" and answer[2] == 0 and problem in answer[1] and work not in answer[1], answer)
database.execute("SELECT set_config('assay.pseudonym_key_file', %s, false)", (f"{work}/pseudonyms.key",))
answer = refused(embed, "mail anna@example.com or Anna@Example.com")
words = endpoint.seen[-1]["body"]["input"][0].split()
check("with one, a value has the same pseudonym in all spellings", answer[0] == "accepted" and words[1] == words[3] and words[1].endswith("@example.com") and "anna" not in words[1], words)
local = database.execute("SELECT assay.redact('anna@example.com', '\"pseudonym\"')").fetchone()[0]
check("which is the one that redact gives", local == words[1], (local, words))

# A role that is nobody in particular: it uses pseudonyms, and cannot choose their key.
database.execute("CREATE ROLE leaving_user")
database.execute("SET ROLE leaving_user")
answer = refused("SET assay.pseudonym_key_file = '/etc/passwd'")
check("only a superuser says where the key is", answer[0] == "42501", answer)
check("whoever calls has the same pseudonyms", database.execute("SELECT assay.redact('anna@example.com', '\"pseudonym\"')").fetchone()[0] == local)
database.execute("RESET ROLE")
database.execute("DROP ROLE leaving_user")

# Columns.
database.execute("CREATE SCHEMA leaving")
database.execute("CREATE TABLE leaving.article (id int PRIMARY KEY, title text, body text, secret text)")
database.execute("INSERT INTO leaving.article VALUES (1, 'Refunds', 'Mail refunds@example.com within 14 days', 'the secret plan')")
server("closed", columns="leaving.article.body, leaving.article.title", redact="mask")
database.execute("SELECT assay.register_remote('closed', 'closed', 'm', dimensions => 4)")
database.execute("SELECT assay.register_remote('closed_ranks', 'closed', 'm', 'reranking')")
create = "SELECT assay.create_vectorizer('leaving.article', %s, 'closed@1', formatting => %s, name => 'a')"
answer = refused(create, '{"column": "secret"}', "$chunk")
check("a column that is not listed is not embedded", answer[0] == "42501" and "leaving.article.secret" in answer[1] and answer[2] == 0, answer)
answer = refused(create, '{"column": "body"}', "$secret: $chunk")
check("nor is one that a template names", answer[0] == "42501" and answer[2] == 0, answer)
answer = refused(create, '{"column": "body"}', "$title: $chunk")
check("one that is listed is", answer[0] == "accepted", answer)
database.execute("CALL assay.run_queue()")
check("without what is taken out", endpoint.seen[-1]["body"]["input"] == ["Refunds: Mail [email] within 14 days"], endpoint.seen[-1])
answer = refused("SELECT key FROM assay.search('leaving.a', 'who is bob@example.com', mode => 'vector', rerank => 'closed_ranks')")
check("a question is redacted, too", answer[0] == "accepted" and "bob@" not in sent() and "who is [email]" in sent(), answer)
database.execute("ALTER SERVER closed OPTIONS (SET columns 'leaving.article.title')")
database.execute("UPDATE leaving.article SET body = 'Never to be sent'")
before = len(endpoint.seen)
database.execute("CALL assay.run_queue()")
check("what is not listed any more is not sent any more", len(endpoint.seen) == before and "Never to be sent" not in sent(), endpoint.seen[before:])
answer = refused("SELECT key FROM assay.search('leaving.a', 'refunds', mode => 'text', rerank => 'closed_ranks')")
check("nor reranked", answer[0] == "42501" and answer[2] == 0, answer)
check("nothing that is private was ever sent", not any(word in sent() for word in ("anna@", "Anna", "1234567", "4111", "secret plan", "refunds@")), sent())

# Models that answer in words.
server("writes", redact="mask")
database.execute("SELECT assay.register_remote('writes', 'writes', 'm', 'generation')")
answer = refused("SELECT assay.generate('writes', 'Tell anna@example.com about 4111 1111 1111 1111')")
check("what a model is asked is redacted", answer[2] >= 1 and "Tell [email] about [card]" in sent() and "anna@" not in sent(), answer)

# The schema of an answer, and stop words.
schema = {"type": "object", "title": "What jane@example.com wants", "properties": {"city": {"type": "string", "description": "Ask jane@example.com", "default": "jane@example.com", "examples": ["jane@example.com"]}}, "required": ["city"]}
answer = refused(f"SELECT assay.generate('writes', 'Where?', '{json.dumps(schema)}')")
last = json.dumps(endpoint.seen[-1]["body"])
check("what a schema says to a model is redacted", answer[2] >= 1 and "Ask [email]" in last and "What [email] wants" in last and "jane@" not in last, (answer, last))
for held, place in (({"enum": ["a", "jane@example.com"]}, "$.enum[1]"), ({"const": 4111111111111111}, "$.const"), ({"type": "object", "properties": {"jane@example.com": {}}}, "$.properties"), ({"required": ["jane@example.com"]}, "$.required[0]"), ({"anyOf": [{"items": {"const": {"jane@example.com": 1}}}]}, "$.anyOf[0].items.const")):
    answer = refused(f"SELECT assay.generate('writes', 'Where?', '{json.dumps(held)}')")
    check(f"what it holds an answer to is refused before a call: {place}", answer[0] == "42501" and answer[2] == 0 and "jane" not in answer[1] and "4111" not in answer[1], answer)
answer = refused("SELECT assay.generate('writes', 'Where?', options => '{\"stop\": [\"jane@example.com\"]}')")
check("so is a stop word", answer[0] == "42501" and answer[2] == 0, answer)
answer = refused("SELECT assay.generate('writes', 'Where?', '{\"type\": \"object\", \"properties\": {\"city\": {\"enum\": [\"Bonn\", \"Ulm\"]}}}', options => '{\"stop\": [\"END\"]}')")
check("what is no personal data leaves as it is", answer[2] >= 1 and '"enum": ["Bonn", "Ulm"]' in json.dumps(endpoint.seen[-1]["body"]) and endpoint.seen[-1]["body"]["stop"] == ["END"], answer)

for option, value in (("columns", "article.body"), ("columns", "a.b.c,"), ("redact", "hide"), ("redact", '{"mail": "mask"}'), ("redact", "{")):
    answer = refused(f"ALTER SERVER writes OPTIONS ({'SET' if option == 'redact' else 'ADD'} {option} {psycopg.sql.quote(value)})")
    check(f"{option} is refused when it is set: {value}", answer[0] == "22023" and f'"{option}"' in answer[1], answer)
database.execute("DROP TABLE leaving.article CASCADE")

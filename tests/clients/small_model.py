"""A small model that is asked for real, at the address that is given. It is small: what is looked at is that the machinery around it works, and as little as may be of what it says.
Prints 'ok - NAME' or 'not ok - NAME' for each promise."""

import json
import sys

import psycopg

import promises
from promises import check

root = psycopg.connect("", autocommit=True)
root.execute(f"CREATE SERVER small FOREIGN DATA WRAPPER assay_http OPTIONS (base_url '{sys.argv[1]}', model 'smollm2-135m-instruct', timeout '120')")
root.execute("SELECT assay.register_remote('small', 'small', task => 'generation', max_tokens => 2048, request => '{\"temperature\": 0}')")
root.execute("SELECT assay.create_prompt('capital', 'What is the capital of $country?')")
generate = "SELECT assay.generate('small', %s, %s, options => %s)"


def ask(prompt, schema=None, **options):
    return root.execute(generate, (prompt, json.dumps(schema) if schema else None, json.dumps(options))).fetchone()[0]


def refused(prompt, schema=None, **options):
    try:
        return "accepted", ask(prompt, schema, **options)
    except psycopg.Error as error:
        return error.diag.sqlstate, " | ".join(filter(None, (error.diag.message_primary, error.diag.message_detail)))


prompt = root.execute("SELECT assay.fill_prompt('capital', '{\"country\": \"France\"}')").fetchone()[0]
answer = ask(prompt, max_tokens=30)
check("it answers", "Paris" in answer, answer)
check("the same again", ask(prompt, max_tokens=30) == answer)
used = root.execute("SELECT calls, tokens, failed FROM assay.endpoint_usage WHERE server = 'small'").fetchone()
check("what it took is booked", used[0] == 2 and 20 < used[1] < 100 and used[2] == 0, used)
schema = {"type": "object", "properties": {"city": {"type": "string"}, "large": {"type": "boolean"}}, "required": ["city", "large"], "additionalProperties": False}
answer = json.loads(ask(prompt, schema, max_tokens=60))
check("it is held to a schema", list(answer) == ["city", "large"] and "Paris" in answer["city"] and isinstance(answer["large"], bool), answer)
warm = [ask("Tell me a story about tea.", temperature=1.5, seed=seed, max_tokens=24, partial=True) for seed in (1, 1, 2)]
check("a seed makes an answer of its own, and the same one again", warm[0] == warm[1] != warm[2], warm)
whole = ask("Count from one to five, in words.", max_tokens=60, partial=True)
word = whole.split()[2].strip(",.:;")
stopped = ask("Count from one to five, in words.", max_tokens=60, partial=True, stop=[word])
check("it stops before a word", stopped == whole.split(word)[0] or (whole.startswith(stopped) and word not in stopped), (whole, stopped))
state, text = refused("Tell me a long story about tea.", max_tokens=5)
check("an answer that is cut off says so", state == "ML036" and "cut off" in text, (state, text))
state, text = refused("tea " * 600)
check("a prompt that is too long is refused", state == "22023", (state, text))
root.execute("SELECT assay.register_remote('wide', 'small', task => 'generation')")
try:
    root.execute("SELECT assay.generate('wide', %s)", ("tea " * 3000,))
    state = "accepted"
except psycopg.Error as error:
    state, text = error.diag.sqlstate, error.diag.message_detail
check("and by itself where the registration does not say", state == "ML034" and "context length" in text, (state, text))
root.execute("SELECT assay.register_remote('none', 'small', 'no such model', task => 'generation')")
try:
    root.execute("SELECT assay.generate('none', 'a')")
    state = "accepted"
except psycopg.Error as error:
    state, text = error.diag.sqlstate, error.diag.message_detail
check("a model that is not there is refused", state == "ML034" and "does not exist" in text, (state, text))
numbers = [root.execute("SELECT assay.submit('small', assay.fill_prompt('capital', jsonb_build_object('country', %s::text)), options => '{\"max_tokens\": 30}')", (country,)).fetchone()[0]
           for country in ("France", "Italy")]
root.execute("CALL assay.run_queue()")
answers = root.execute("SELECT answer FROM assay.generations WHERE id = ANY (%s) AND status = 'done' ORDER BY id", (numbers,)).fetchall()
check("the queue asks it", len(answers) == 2 and "Paris" in answers[0][0] and "Rome" in answers[1][0], answers)
sys.exit(promises.failed > 0)

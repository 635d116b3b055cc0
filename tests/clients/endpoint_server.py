"""An endpoint that speaks OpenAI's protocol, and in many ways does not: what it does is said by the first part of the path. As a program it prints its
port, and serves until it is killed."""

import hashlib
import json
import re
import socket
import socketserver
import ssl
import sys
import threading
import time

WIDTHS = {"text-embedding-3-small": 1536}


def vector(text, width):
    """Numbers that depend on the text only."""
    digest = hashlib.sha256(text.encode()).digest()
    return [digest[place % 32] / 8 for place in range(width)]


def instance(schema):
    """A value that a schema describes, with as little in it as may be."""
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type", "object")
    if kind == "object":
        return {name: instance(inner) for name, inner in schema.get("properties", {}).items()}
    if kind == "array":
        return [instance(schema.get("items", {"type": "string"}))] * schema.get("minItems", 1)
    return {"string": "a text", "integer": schema.get("minimum", 1), "number": schema.get("minimum", 0.5), "boolean": True, "null": None}[kind]


def chat(text, finish="stop", sent=10, written=None, **message):
    """An answer as OpenAI documents it, of a word a token."""
    written = len((text or "").split()) if written is None else written
    return {
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text, **message}, "finish_reason": finish}],
        "usage": {"prompt_tokens": sent, "completion_tokens": written, "total_tokens": sent + written}}


def extract(text):
    """What a reader answers who does no more than give the sentence of a source that has most words of the question: for pages, whose models always say the same."""
    parts = re.findall(r"<<([a-z0-9 ]+) [a-p]{32}>>\n(.*?)\n<<end [a-p]{32}>>", text, re.S)
    question = next(part for what, part in parts if what == "question")
    words = {word for word in re.findall(r"\w+", question.lower()) if len(word) > 3 or word.isdigit()}
    sentences = [(int(what.split()[1]), sentence) for what, part in parts if what.startswith("source") for sentence in re.findall(r"[A-Z][^.!?\n]+[.!?]", part)]
    fits = [len(words & set(re.findall(r"\w+", sentence.lower()))) for _, sentence in sentences]
    if not any(fits):
        return {"answer": "", "quotes": [], "supported": False}
    source, sentence = sentences[fits.index(max(fits))]
    return {"answer": sentence, "quotes": [{"source": source, "quote": sentence.rstrip(".!?")}], "supported": True}


class Endpoint(socketserver.ThreadingTCPServer):
    """A server on 127.0.0.1 that remembers what it was asked."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, certificate=None, key=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen = []
        # What the next calls of the path /scripted are answered: functions of the connection and what was asked, or answers.
        self.script = []
        self.context = None
        if certificate:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(certificate, key)
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        """Clients that leave are what is tested."""


class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        connection = self.request
        if self.server.context:
            connection = self.server.context.wrap_socket(connection, server_side=True)
        head = b""
        while b"\r\n\r\n" not in head:
            piece = connection.recv(65536)
            if not piece:
                return
            head += piece
        head, body = head.split(b"\r\n\r\n", 1)
        lines = head.decode().split("\r\n")
        path = lines[0].split(" ")[1]
        headers = {line.split(":", 1)[0].lower(): line.split(":", 1)[1].strip() for line in lines[1:]}
        while len(body) < int(headers.get("content-length", 0)):
            body += connection.recv(1 << 20)
        asked = {"path": path, "headers": headers, "body": json.loads(body) if body else None}
        self.server.seen.append(asked)
        kind = path.strip("/").split("/")[0]
        getattr(self, "do_" + kind.replace("-", "_"), self.do_missing)(connection, asked)

    @staticmethod
    def reply(connection, status, body, headers=(), length=None):
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        lines = [f"HTTP/1.1 {status} Said", "Content-Type: application/json", f"Content-Length: {len(body) if length is None else length}", *headers]
        connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    def answer(self, asked):
        body = asked["body"]
        if asked["path"].endswith("/chat/completions"):
            schema = body.get("response_format", {}).get("json_schema", {}).get("schema")
            said = body["messages"][-1]["content"]
            text = f"You said: {said}" if schema is None else json.dumps(instance(schema))
            return chat(text, sent=sum(len(message["content"].split()) for message in body["messages"]))
        if asked["path"].endswith("/rerank"):
            scores = [len(set(body["query"].split()) & set(document.split())) / 8 for document in body["documents"]]
            order = sorted(range(len(scores)), key=lambda place: -scores[place])
            return {"results": [{"index": place, "relevance_score": scores[place]} for place in order], "usage": {"total_tokens": 5 * len(scores)}}
        width = WIDTHS.get(body["model"], 4)
        rows = [{"object": "embedding", "index": place, "embedding": vector(text, width)} for place, text in enumerate(body["input"])]
        return {"object": "list", "data": rows[::-1], "model": body["model"], "usage": {"prompt_tokens": 3 * len(rows), "total_tokens": 3 * len(rows)}}

    def do_v1(self, connection, asked):
        self.reply(connection, 200, self.answer(asked))

    def do_scripted(self, connection, asked):
        """Answers as the test has written down: a status with a body and headers, an answer, a text, or what a function of the connection and of what was asked does."""
        step = self.server.script.pop(0)
        if callable(step):
            return step(connection, asked)
        if isinstance(step, tuple):
            status, body, *headers = step
            return self.reply(connection, status, body, headers)
        self.reply(connection, 200, chat(step) if isinstance(step, str) else step)

    def do_extract(self, connection, asked):
        self.reply(connection, 200, chat(json.dumps(extract(asked["body"]["messages"][-1]["content"]))))

    def do_slow(self, connection, asked):
        time.sleep(1)
        self.reply(connection, 200, self.answer(asked))

    def do_without_usage(self, connection, asked):
        answer = self.answer(asked)
        del answer["usage"]
        self.reply(connection, 200, answer)

    def do_chunked(self, connection, asked):
        body = json.dumps(self.answer(asked)).encode()
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for start in range(0, len(body), 50):
            piece = body[start:start + 50]
            connection.sendall(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        connection.sendall(b"0\r\n\r\n")

    def do_cut_off(self, connection, asked):
        self.reply(connection, 200, chat('{"word": "te', "length"))

    def do_filtered(self, connection, asked):
        self.reply(connection, 200, chat(None, "content_filter"))

    def do_refusal(self, connection, asked):
        self.reply(connection, 200, chat(None, refusal="I will not, " + asked["headers"].get("authorization", "none")))

    def do_tool(self, connection, asked):
        self.reply(connection, 200, chat(None, "tool_calls", tool_calls=[{"function": {"name": "rm"}}]))

    def do_no_choice(self, connection, asked):
        self.reply(connection, 200, {"choices": []})

    def do_no_text(self, connection, asked):
        self.reply(connection, 200, chat(None))

    def do_nul(self, connection, asked):
        self.reply(connection, 200, chat("a\0b"))

    def do_parrot(self, connection, asked):
        self.reply(connection, 200, chat("The key is " + asked["headers"].get("authorization", "none")))

    def do_prose(self, connection, asked):
        self.reply(connection, 200, chat("Sure! Here it is."))

    def do_partial_json(self, connection, asked):
        self.reply(connection, 200, chat('{"word": "te'))

    def do_redirect(self, connection, asked):
        self.reply(connection, 302, b"", [f"Location: http://127.0.0.1:{self.server.port}/v1/embeddings"])

    def do_metadata(self, connection, asked):
        self.reply(connection, 307, b"", ["Location: http://169.254.169.254/latest/meta-data/"])

    def do_stall(self, connection, asked):
        time.sleep(30)

    def do_stall_body(self, connection, asked):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
        time.sleep(30)

    def do_drip(self, connection, asked):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while True:
            connection.sendall(b" ")
            time.sleep(0.05)

    def do_drip_head(self, connection, asked):
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        while True:
            connection.sendall(b"X: y\r\n")
            time.sleep(0.05)

    def do_big(self, connection, asked):
        self.reply(connection, 200, b"", length=1 << 30)
        for _ in range(1024):
            connection.sendall(b" " * (1 << 20))

    def do_endless(self, connection, asked):
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(1024):
            connection.sendall(b"100000\r\n" + b" " * (1 << 20) + b"\r\n")

    def do_endless_head(self, connection, asked):
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        for _ in range(100_000):
            connection.sendall(b"X-Header: " + b"y" * 1000 + b"\r\n")

    def do_html(self, connection, asked):
        self.reply(connection, 200, b"<html>" + asked["headers"].get("authorization", "").encode())

    def do_shape(self, connection, asked):
        self.reply(connection, 200, {"data": {"secret": asked["headers"].get("authorization")}})

    def do_words(self, connection, asked):
        self.reply(connection, 200, {"data": [{"index": 0, "embedding": [asked["headers"].get("authorization")]}]})

    def do_fewer(self, connection, asked):
        self.reply(connection, 200, {"data": []})

    def do_twice(self, connection, asked):
        rows = [{"index": 0, "embedding": [1, 2, 3, 4]} for _ in asked["body"]["input"]]
        self.reply(connection, 200, {"data": rows})

    def do_wide(self, connection, asked):
        self.reply(connection, 200, {"data": [{"index": 0, "embedding": [1, 2, 3]}]})

    def do_infinite(self, connection, asked):
        self.reply(connection, 200, b'{"data": [{"index": 0, "embedding": [1, 2, 3, 1e999]}]}')

    def do_early(self, connection, asked):
        self.reply(connection, 200, b'{"data": [', length=1000)

    def do_early_without_length(self, connection, asked):
        connection.sendall(b'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{"data": [')

    def do_early_head(self, connection, asked):
        connection.sendall(b"HTTP/1.1 200")

    def do_silent(self, connection, asked):
        connection.shutdown(socket.SHUT_RDWR)

    def do_gopher(self, connection, asked):
        connection.sendall(b"SSH-2.0-OpenSSH_9.2 " + asked["headers"].get("authorization", "").encode() + b"\r\n")

    def do_busy(self, connection, asked):
        self.reply(connection, 429, {"error": {"message": "slow down"}}, ["Retry-After: 7"])

    def do_overloaded(self, connection, asked):
        self.reply(connection, 503, b"", ["Retry-After: 9"])

    def do_broken(self, connection, asked):
        self.reply(connection, 500, {"error": {"message": "out of luck"}})

    def do_forbidden(self, connection, asked):
        self.reply(connection, 401, {"error": {"message": "Incorrect API key provided: " + asked["headers"].get("authorization", "none")}})

    def do_telltale(self, connection, asked):
        self.reply(connection, 400, {"error": {"message": "you sent " + asked["headers"].get("authorization", "none")}})

    def do_missing(self, connection, asked):
        self.reply(connection, 404, {"error": {"message": "no such model"}})


if __name__ == "__main__":
    print(Endpoint(*sys.argv[1:]).port, flush=True)
    threading.Event().wait()

"""Runs scripts/notifier/assay_notify.py against servers that listen on this machine only. notifier.sh calls it: python, program, folder with a certificate."""

import base64
import email
import email.policy
import http.server
import json
import os
import signal
import socketserver
import ssl
import subprocess
import sys
import threading
import time

import psycopg

PYTHON, PROGRAM, FOLDER = sys.argv[1:]
database = psycopg.connect("", autocommit=True)


def check(name, expected, found):
    print(f"ok - {name}" if expected == found else f"not ok - {name}: expected {expected!r}, found {found!r}", flush=True)


class Web(http.server.BaseHTTPRequestHandler):
    """Keeps what it gets. What it answers its path says."""

    got = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        Web.got.append((self.path, json.loads(body)))
        if self.path == "/kill":
            os.kill(Web.victim, signal.SIGKILL)
        if self.path == "/mute":
            time.sleep(6)
            return
        if self.path == "/drip":
            self.drip()
            return
        status = {"/broken": 500, "/moved": 302}.get(self.path, 200)
        self.send_response(status)
        if status == 302:
            self.send_header("Location", f"http://127.0.0.1:{web.server_port}/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def drip(self):
        """Answers a little each second, so that none of it is late."""
        try:
            for byte in b"HTTP/1.1 200 it takes a minute and more":
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
                time.sleep(1)
        except OSError:
            pass

    def log_message(self, *_):
        pass


web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Web)
web.daemon_threads = True
threading.Thread(target=web.serve_forever, daemon=True).start()


class Mail(socketserver.StreamRequestHandler):
    """As much of SMTP as a sender needs."""

    got = []
    refuses = False

    def say(self, line):
        self.wfile.write(line.encode() + b"\r\n")
        self.wfile.flush()

    def handle(self):
        is_secure, user = False, None
        self.say("220 test ESMTP")
        while line := self.rfile.readline().decode().strip():
            verb = line.split()[0].upper()
            if verb == "EHLO":
                self.say("250-test")
                self.say("250 AUTH PLAIN" if is_secure else "250 STARTTLS")
            elif verb == "STARTTLS":
                self.say("220 go ahead")
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(f"{FOLDER}/certificate.pem", f"{FOLDER}/key.pem")
                try:
                    self.connection = context.wrap_socket(self.connection, server_side=True)
                except ssl.SSLError:
                    return
                self.rfile, self.wfile, is_secure = self.connection.makefile("rb"), self.connection.makefile("wb"), True
            elif verb == "AUTH":
                user = base64.b64decode(line.split()[2]).decode().split("\0")[1:]
                self.say("235 welcome" if user == ["sender", "a secret"] else "535 who are you")
            elif verb == "DATA":
                self.say("354 go on")
                lines = []
                while (line := self.rfile.readline()) not in (b".\r\n", b""):
                    lines.append(line[1:] if line.startswith(b".") else line)
                Mail.got.append((is_secure, user, email.message_from_bytes(b"".join(lines), policy=email.policy.default)))
                self.say("250 taken")
            elif verb == "RCPT":
                self.say("550 nobody here" if Mail.refuses else "250 fine")
            elif verb == "QUIT":
                self.say("221 farewell")
                return
            else:
                self.say("250 fine")


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass


mail = Server(("127.0.0.1", 0), Mail)
threading.Thread(target=mail.serve_forever, daemon=True).start()

here = f"http://127.0.0.1:{web.server_port}"
environment = {
    **os.environ,
    "ASSAY_NOTIFY_HOSTS": "127.0.0.1",
    "ASSAY_NOTIFY_SMTP": f"127.0.0.1:{mail.server_address[1]}",
    "ASSAY_NOTIFY_SMTP_SECURITY": "none",
    "ASSAY_NOTIFY_TIMEOUT": "3",
    "ASSAY_NOTIFY_POLL": "300",
}


def start(*arguments, **more):
    return subprocess.Popen([PYTHON, PROGRAM, *arguments], env={**environment, **more}, stderr=subprocess.PIPE, text=True)


def once(**more):
    """One run; what it said."""
    program = start("--once", **more)
    said = program.communicate(timeout=120)[1]
    if program.returncode not in (0, -9):
        print(f"not ok - the sender ended with {program.returncode}: {said}")
    return said


def owner(name, contacts):
    database.execute("SELECT assay.add_owner(%s, 'person', contacts => %s::jsonb)", (name, json.dumps(contacts)))


def write(name, subject, *, kind="incident"):
    """Writes a notification as the outbox does."""
    item = {"what": "declared", "severity": "sev1", "status": "open", "title": subject, "issues": 2, "at": "2026-06-05 21:00", "time_zone": "UTC", "since": "2026-06-05 20:00"}
    row = database.execute(
        "INSERT INTO assay.notification (owner_id, kind, key, subject, items, created_at, due_at)"
        " SELECT id, %s, 'incident:' || gen_random_uuid() || '#0', %s, %s::jsonb, now(), now() FROM assay.owner WHERE name = %s RETURNING id",
        (kind, subject, json.dumps([item]), name),
    ).fetchone()
    return row[0]


def row(number):
    return database.execute("SELECT status, attempts, repeated, detail FROM assay.notifications WHERE id = %s", (number,)).fetchone()


def clean():
    Web.got.clear()
    Mail.got.clear()
    database.execute("DELETE FROM assay.notification")


REPEAT = "You may have been told this before"

# Delivery, from a step of escalation to a chat and a mailbox.
# An address is put past add_owner's rules here, which want https.
owner("ann", {"email": "ann@example.org"})
database.execute("UPDATE assay.owner SET contacts = contacts || %s::jsonb WHERE name = 'ann'", (json.dumps({"slack": here + "/slack?token=hush"}),))
database.execute(
    "INSERT INTO assay.incident (title, severity, owner_id, started_at, declared_at)"
    " SELECT 'Orders <are> missing', 'sev1', id, now() - interval '1 hour', now() - interval '1 hour' FROM assay.owner WHERE name = 'ann'"
)
database.execute("SELECT assay.incident_policy('sev1', '10 minutes')")
database.execute("SELECT * FROM assay.escalate()")
said = once()
number = database.execute("SELECT id FROM assay.notifications").fetchone()[0]
check("a notification is sent", ("sent", 1, False), row(number)[:3])
check("a chat is told", 1, len([path for path, _ in Web.got if path == "/slack?token=hush"]))
message = Web.got[0][1]
check("in Slack's format", ["blocks", "text"], sorted(message))
check("with Slack's markup escaped", True, "Orders &lt;are&gt; missing" in message["text"] and "Not acknowledged in time, step 1" in message["text"])
check("a mailbox is told", (1, "[sev1] Incident 1 is not acknowledged in time: Orders <are> missing"), (len(Mail.got), Mail.got[0][2]["Subject"]))
check("nobody is told of a repeat", False, REPEAT in Mail.got[0][2].get_content() or REPEAT in message["text"])
check("what it says in its log is no secret", False, "hush" in said)
once()
check("what is sent is not sent again", (1, 1), (len(Web.got), len(Mail.got)))
clean()

# What fails is tried again, later and later.
owner("bob", {})
contacts = "UPDATE assay.owner SET contacts = %s::jsonb WHERE name = %s"
database.execute(contacts, (json.dumps({"slack": here + "/broken"}), "bob"))
number = write("bob", "It fails")
once()
wait = "SELECT extract(epoch FROM due_at - now())::int FROM assay.notification WHERE id = %s"
check("a failure is pending again", ("pending", 1, False), row(number)[:3])
check("with what was answered", True, "answered 500" in row(number)[3])
check("in a minute", True, 50 <= database.execute(wait, (number,)).fetchone()[0] <= 60)
once()
check("not before", 1, len(Web.got))
database.execute("UPDATE assay.notification SET due_at = now()")
once()
check("then in two", True, 110 <= database.execute(wait, (number,)).fetchone()[0] <= 120)
database.execute("UPDATE assay.notification SET due_at = now(), attempts = 9")
once()
check("after ten attempts it is given up", ("failed", 10), row(number)[:2])
clean()
database.execute(contacts, (json.dumps({"slack": here + "/moved"}), "bob"))
number = write("bob", "It has moved")
once()
check("a redirection is a failure, and is not followed", ("pending", ["/moved"]), (row(number)[0], [path for path, _ in Web.got]))
clean()
database.execute(contacts, (json.dumps({"email": "bob@example.org"}), "bob"))
Mail.refuses = True
number = write("bob", "Nobody there")
once()
check("what the mail server refuses is a failure", ("pending", True), (row(number)[0], "refused" in row(number)[3]))
Mail.refuses = False
clean()
database.execute(contacts, ("{}", "bob"))
number = write("bob", "No address")
once()
check("without an address it is dropped, and says so", ("dropped", "the owner has no address"), (row(number)[0], row(number)[3]))
clean()

# Killed after the first of two is delivered and before it is marked; the other is claimed, and was not sent.
database.execute(contacts, (json.dumps({"slack": here + "/kill"}), "bob"))
first, second = write("bob", "First"), write("ann", "Second")
program = start("--once")
Web.victim = program.pid
program.communicate(timeout=60)
check("the sender was killed", -signal.SIGKILL, program.returncode)
check("after the first was delivered", ["/kill"], [path for path, _ in Web.got])
check("and before anything was marked", [("sending", 1, False)] * 2, [row(first)[:3], row(second)[:3]])
once()
check("as long as the claim holds nobody else delivers them", 1, len(Web.got))
database.execute("UPDATE assay.notification SET claimed_until = now()")
database.execute(contacts, (json.dumps({"slack": here + "/alive"}), "bob"))
once()
check("nothing is lost", [("sent", 2, True)] * 2, [row(first)[:3], row(second)[:3]])
texts = {path: message["text"] for path, message in Web.got}
check("what is told twice says so", (False, True), (REPEAT in texts["/kill"], REPEAT in texts["/alive"] and "may be a repeat" in texts["/alive"]))
check("so does what may have been", (1, True), (len(Mail.got), REPEAT in Mail.got[0][2].get_content() and "may be a repeat" in Mail.got[0][2]["Subject"]))
clean()

# Killed while it is connected and before anything is sent: the claim is made before.
number = write("ann", "Third")
database.execute("SELECT * FROM assay.pending_notifications(1)")
once()
check("what a dead sender has claimed waits for its lease", (0, ("sending", 1)), (len(Web.got), row(number)[:2]))
database.execute("UPDATE assay.notification SET claimed_until = now()")
once()
check("and is delivered then, with the word that it may be a repeat", (1, True), (len(Mail.got), REPEAT in Web.got[0][1]["text"]))
clean()

# A server that takes a message and does not answer: nobody knows.
database.execute(contacts, (json.dumps({"slack": here + "/mute"}), "bob"))
number = write("bob", "Heard?")
once()
check("what may have got through is not marked", ("sending", 1, False), row(number)[:3])
database.execute("UPDATE assay.notification SET claimed_until = now()")
database.execute(contacts, (json.dumps({"slack": here + "/alive"}), "bob"))
once()
check("and is said to be a repeat", ("sent", True), (row(number)[0], REPEAT in Web.got[-1][1]["text"]))
clean()

# One that answers a byte at a time does not hold up what others are to be told.
database.execute(contacts, (json.dumps({"slack": here + "/drip"}), "bob"))
first, second = write("bob", "Slow"), write("ann", "Quick")
started = time.monotonic()
once()
check("a receiver that dribbles holds up nobody for long", (True, ("sending", 1, False), "sent"), (time.monotonic() - started < 20, row(first)[:3], row(second)[0]))
clean()

# What calls everybody in a chat calls nobody.
database.execute(contacts, (json.dumps({"slack": here + "/slack", "webhook": here + "/own"}), "bob"))
number = write("bob", "<!channel> @channel @Here @all, not ann@example.org")
once()
texts = [message["text"].split("\n")[0] for _, message in Web.got]
check("names for everybody are none", ["&lt;!channel&gt; @\u200bchannel @\u200bHere @\u200ball, not ann@example.org"] * 2, texts)
clean()

# Where it must not go.
for url, reason, hosts in [
    (here + "/x", "must begin with https", ""),
    (f"https://127.0.0.1:{web.server_port}/x", "private network", ""),
    ("https://localhost/x", "private network", ""),
    ("https://[::1]/x", "private network", ""),
    ("https://169.254.169.254/latest/meta-data", "private network", ""),
    (here + "/x", "not among", "hooks.slack.com,*.example.org"),
    ("file:///etc/passwd", "must begin with https", ""),
    ("https://user@127.0.0.1/x", "must begin with https", "127.0.0.1"),
]:
    database.execute(contacts, (json.dumps({"slack": url}), "bob"))
    number = write("bob", "Elsewhere")
    once(ASSAY_NOTIFY_HOSTS=hosts)
    check(f"it does not go to {url.replace(str(web.server_port), 'PORT')} {hosts}", (0, "pending", True), (len(Web.got), row(number)[0], reason in row(number)[3]))
    clean()

# A webhook of one's own gets all of it.
database.execute(contacts, (json.dumps({"webhook": here + "/own"}), "bob"))
number = write("bob", "For programs")
once()
check("a webhook gets JSON", (number, "bob", "incident", False), tuple(Web.got[0][1][key] for key in ("id", "owner", "kind", "repeated")))
clean()

# E-mail over TLS, with a name and a password from a file.
with open(f"{FOLDER}/password", "w", encoding="utf-8") as file:
    file.write("a secret\n")
database.execute(contacts, (json.dumps({"email": "bob@example.org"}), "bob"))
secure = {"ASSAY_NOTIFY_SMTP_SECURITY": "starttls", "ASSAY_NOTIFY_SMTP_USER": "sender", "ASSAY_NOTIFY_SMTP_PASSWORD_FILE": f"{FOLDER}/password"}
number = write("bob", "Sealed")
once(**secure)
check("a certificate that nobody vouches for is refused", ("pending", True, 0), (row(number)[0], "CERTIFICATE" in row(number)[3].upper(), len(Mail.got)))
database.execute("UPDATE assay.notification SET due_at = now()")
once(**secure, ASSAY_NOTIFY_CA_FILE=f"{FOLDER}/certificate.pem")
check("with its certificate known it is sent, over TLS and by name", ("sent", True, ["sender", "a secret"]), (row(number)[0], *(Mail.got[0][:2] if Mail.got else (None, None))))
clean()
number = write("bob", "Two\nBcc: all@example.org")
once()
check("a subject is one header", ("Two Bcc: all@example.org", None), (Mail.got[0][2]["Subject"], Mail.got[0][2]["Bcc"]) if Mail.got else None)
clean()

# Several senders at once: each notification goes out once.
database.execute(contacts, (json.dumps({"slack": here + "/many"}), "bob"))
for place in range(60):
    write("bob", f"Number {place}")
programs = [start("--once") for _ in range(3)]
for program in programs:
    program.communicate(timeout=120)
check("three senders deliver each of sixty once", 60, len({message["blocks"][0]["text"]["text"] for _, message in Web.got}) if len(Web.got) == 60 else -len(Web.got))
clean()

# As a service: it is woken by the notice, and ends when it is told to.
program = start()
time.sleep(3)
arguments = open(f"/proc/{program.pid}/cmdline", encoding="utf-8").read() if os.path.isdir("/proc/self") else ""
database.execute(
    "INSERT INTO assay.incident (title, severity, owner_id, started_at, declared_at)"
    " SELECT 'Woken', 'sev1', id, now() - interval '1 hour', now() - interval '1 hour' FROM assay.owner WHERE name = 'bob'"
)
started = time.monotonic()
database.execute("SELECT * FROM assay.escalate()")
while time.monotonic() - started < 20 and not Web.got:
    time.sleep(0.05)
check("the service is woken by what is written", True, bool(Web.got) and time.monotonic() - started < 10)
check("nothing of its settings stands in its arguments", False, "127.0.0.1" in arguments)
# Its connection is cut: it comes again.
database.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'assay_notify'")
time.sleep(3)
Web.got.clear()
write("bob", "After the cut")
database.execute("NOTIFY assay")
started = time.monotonic()
while time.monotonic() - started < 20 and not Web.got:
    time.sleep(0.05)
check("it connects again after its connection was cut", True, bool(Web.got))
program.send_signal(signal.SIGTERM)
try:
    program.communicate(timeout=20)
except subprocess.TimeoutExpired:
    program.kill()
check("it ends when it is told to", 0, program.returncode)

#!/usr/bin/env python3
"""Delivers assay's notifications: to chats in Slack's format, to other webhooks as JSON, and by e-mail.

    assay_notify.py              runs until it is told to end (SIGTERM, SIGINT): listens, and looks every minute
    assay_notify.py --once       delivers what is due, and ends: for cron

It needs Python 3.9 and psycopg (Debian: python3-psycopg). How the database is reached is libpq's to say: PGHOST, PGDATABASE, PGUSER, PGSERVICE,
PGPASSFILE and so on, or ASSAY_NOTIFY_DSN. Its role takes the rights of the database's owner, or GRANT UPDATE ON assay.notification, or it delivers for the
owners whose role it has. All other settings come from the environment, too, for what stands in arguments everybody on the machine can read:

    ASSAY_NOTIFY_SMTP           HOST or HOST:PORT of the mail server; without it nothing is sent by e-mail
    ASSAY_NOTIFY_SMTP_SECURITY  starttls (the default, port 587), tls (port 465) or none (port 25; for a server on the same machine)
    ASSAY_NOTIFY_SMTP_USER, ASSAY_NOTIFY_SMTP_PASSWORD, or ASSAY_NOTIFY_SMTP_PASSWORD_FILE
    ASSAY_NOTIFY_FROM           the sender's address (assay@ and the name of the machine)
    ASSAY_NOTIFY_CA_FILE        certificates to be trusted beside the system's
    ASSAY_NOTIFY_HOSTS          hosts to which webhooks may go, separated by commas: hooks.slack.com; *.example.com is any of that domain. Without it
                                any that is not on this machine or in a private network may be, by https only
    ASSAY_NOTIFY_TIMEOUT        seconds for a delivery (10)
    ASSAY_NOTIFY_POLL           seconds between two looks (60)

What is claimed is delivered one after the other, and marked at once. A delivery that fails is marked so, and tried again after a while. Where it is not
known whether a message got through it is not marked: its claim runs out, and it is delivered again with the word that it may be a repeat. So
nothing is lost when this program is killed, and nothing is told twice without saying so.
"""

import argparse
import email.message
import email.utils
import http.client
import ipaddress
import json
import os
import re
import select
import signal
import smtplib
import socket
import ssl
import sys
import threading
import time
import urllib.parse

import psycopg

# As many as are claimed at once; all of them are delivered within their lease, or left to the next claim.
CLAIMED = 20
# What a chat takes of a text.
LONGEST = 3500


class NotDelivered(Exception):
    """It was certainly not delivered."""


class Unknown(Exception):
    """It may have been delivered, or not."""


def setting(name, default=None):
    return os.environ.get("ASSAY_NOTIFY_" + name) or default


def number(name, default):
    try:
        return max(1.0, float(setting(name, default)))
    except ValueError:
        sys.exit(f"ASSAY_NOTIFY_{name} is no number")


def say(text):
    print(text, file=sys.stderr, flush=True)


def trusted():
    context = ssl.create_default_context()
    if setting("CA_FILE"):
        context.load_verify_locations(setting("CA_FILE"))
    return context


def allowed_hosts():
    return [host.strip().lower() for host in (setting("HOSTS") or "").split(",") if host.strip()]


def is_allowed(host, patterns):
    return any(host == pattern or pattern.startswith("*.") and host.endswith(pattern[1:]) for pattern in patterns)


def address_of(host, port, is_listed):
    """The address to connect to, looked up once: a name that means another address a moment later is not asked again."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as problem:
        raise NotDelivered(f"the host {host} is not found: {problem}") from None
    for *_, address in found:
        # A contact is what somebody wrote into a table. It must not make this program ask things of machines that only it can reach.
        if is_listed or ipaddress.ip_address(address[0].split("%")[0]).is_global:
            return address[0]
    raise NotDelivered(f"the host {host} is in a private network; ASSAY_NOTIFY_HOSTS names those that may be told")


def post(url, payload, timeout):
    """Posts JSON. Redirects are not followed, and no proxy is asked."""
    parts = urllib.parse.urlsplit(url)
    host = (parts.hostname or "").lower()
    patterns = allowed_hosts()
    is_listed = is_allowed(host, patterns)
    if patterns and not is_listed:
        raise NotDelivered(f"the host {host} is not among ASSAY_NOTIFY_HOSTS")
    if parts.scheme not in ("https", "http") or not host or parts.username or parts.scheme == "http" and not is_listed:
        raise NotDelivered("the webhook's address must begin with https:// and a host")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    path = (parts.path or "/") + ("?" + parts.query if parts.query else "")
    target = address_of(host, port, is_listed)
    connection = http.client.HTTPConnection(host, port, timeout=timeout)
    # Who answers a byte at a time is never late with the next one: all of it has its time, too, or one receiver would hold up everybody's messages.
    watchdog = threading.Timer(3 * timeout, hang_up, (connection,))
    watchdog.daemon = True
    watchdog.start()
    try:
        try:
            connection.sock = socket.create_connection((target, port), timeout)
            if parts.scheme == "https":
                connection.sock = trusted().wrap_socket(connection.sock, server_hostname=host)
        except (OSError, ssl.SSLError) as problem:
            raise NotDelivered(f"{host} cannot be reached: {problem}") from None
        try:
            connection.request("POST", path, json.dumps(payload).encode(), {"Content-Type": "application/json"})
            answer = connection.getresponse()
            answer.read(1000)
        except (OSError, http.client.HTTPException) as problem:
            # It was under way.
            raise Unknown(f"{host} did not answer: {problem!r}") from None
        if not 200 <= answer.status < 300:
            raise NotDelivered(f"{host} answered {answer.status} {answer.reason}")
    finally:
        watchdog.cancel()
        connection.close()


def hang_up(connection):
    """Ends what is under way: whoever reads from it finds the end."""
    try:
        connection.sock.shutdown(socket.SHUT_RDWR)
    except (OSError, AttributeError):
        pass


def plain(text):
    """As Slack wants what is not meant as its markup. What others call everybody by, in chats that read that in plain text, is parted by nothing that is seen."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"@(?=all\b|channel\b|everyone\b|here\b)", "@\u200b", text, flags=re.IGNORECASE)


def slack(note):
    body = note["body"]
    if len(body) > LONGEST:
        body = body[:LONGEST] + "\n..."
    return {
        "text": plain(f"{note['subject']}\n{body}"),
        "blocks": [
            {"type": "header", "text": {"type": "plain_text", "text": note["subject"][:150]}},
            {"type": "section", "text": {"type": "plain_text", "text": body[:2990] or "-"}},
        ],
    }


def whole(note):
    """For programs of one's own; with the text that chats want, as they want it."""
    fields = ("id", "owner", "kind", "incident", "subject", "body", "attempts", "repeated")
    return {"text": plain(f"{note['subject']}\n{note['body']}"), **{field: note[field] for field in fields}}


def host_of(url):
    """A webhook's address is a secret: who has it may write."""
    try:
        return urllib.parse.urlsplit(url).hostname
    except ValueError:
        return "?"


def password():
    path = setting("SMTP_PASSWORD_FILE")
    if not path:
        return setting("SMTP_PASSWORD", "")
    with open(path, encoding="utf-8") as file:
        return file.read().rstrip("\n")


def mail(addresses, note, timeout):
    server = setting("SMTP")
    if not server:
        raise NotDelivered("ASSAY_NOTIFY_SMTP is not set, and the owner has an e-mail address")
    security = setting("SMTP_SECURITY", "starttls")
    if security not in ("starttls", "tls", "none"):
        raise NotDelivered("ASSAY_NOTIFY_SMTP_SECURITY must be starttls, tls or none")
    host, _, port = server.rpartition(":") if server.count(":") == 1 else (server, "", "")
    port = int(port or {"starttls": 587, "tls": 465, "none": 25}[security])
    message = email.message.EmailMessage()
    try:
        # A header of several lines would be several headers.
        message["Subject"] = " ".join(note["subject"].split())
        message["From"] = setting("FROM", "assay@" + socket.gethostname())
        message["To"] = ", ".join(addresses)
        message["Date"] = email.utils.formatdate(localtime=True)
        # The same for each attempt, so that a mailbox can tell repeats.
        message["Message-ID"] = f"<assay-{note['database']}-{note['id']}@{socket.gethostname()}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(note["body"])
    except ValueError as problem:
        raise NotDelivered(f"no e-mail can be made of it: {problem}") from None
    under_way = is_taken = False
    try:
        if security == "tls":
            smtp = smtplib.SMTP_SSL(host, port, timeout=timeout, context=trusted())
        else:
            smtp = smtplib.SMTP(host, port, timeout=timeout)
        with smtp:
            if security == "starttls":
                smtp.starttls(context=trusted())
            if setting("SMTP_USER"):
                smtp.login(setting("SMTP_USER"), password())
            under_way = True
            refused = smtp.send_message(message)
            is_taken = True
            if refused:
                say(f"notification {note['id']}: refused for {', '.join(refused)}")
    except (smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused, smtplib.SMTPNotSupportedError) as problem:
        if not is_taken:
            raise NotDelivered(f"the mail server refused it: {problem}") from None
    except (OSError, smtplib.SMTPException, ssl.SSLError) as problem:
        # Once the message was taken, an ill-mannered farewell does not matter.
        if is_taken:
            return
        if under_way:
            raise Unknown(f"the mail server did not answer: {problem!r}") from None
        raise NotDelivered(f"the mail server cannot be reached: {problem}") from None


def deliver(note, timeout):
    """Delivers on all channels. Returns what happened: status and detail; status None where that is not known."""
    channels = note["channels"]
    ways = []
    for kind, shape in (("webhook", whole), ("slack", slack)):
        for url in channels.get(kind, []):
            ways.append((f"{kind} {host_of(url)}", lambda url=url, shape=shape: post(url, shape(note), timeout)))
    if channels.get("email"):
        ways.append(("e-mail", lambda: mail(channels["email"], note, timeout)))
    if not ways:
        return "dropped", "the owner has no address"
    went, failed, unknown = [], [], []
    for name, way in ways:
        try:
            way()
            went.append(name)
        except NotDelivered as problem:
            failed.append(f"{name}: {problem}")
        except Unknown as problem:
            unknown.append(f"{name}: {problem}")
        except Exception as problem:  # an address that no library wants, for one: the others are still to be told
            failed.append(f"{name}: {problem!r}")
    detail = "; ".join(failed + unknown) or ", ".join(went)
    # Told somewhere is told: trying again would tell that place twice.
    if went:
        return "sent", detail if not failed + unknown else f"{', '.join(went)}; not {detail}"
    return (None, detail) if unknown else ("failed", detail)


class Sender:
    def __init__(self):
        self.timeout = number("TIMEOUT", 10)
        self.poll = number("POLL", 60)
        self.is_ending = False

    def end(self, *_):
        self.is_ending = True

    def connect(self):
        connection = psycopg.connect(setting("DSN", ""), autocommit=True, application_name="assay_notify", connect_timeout=10)
        # Serial plans that are kept are no use to it, and poolers do not want them.
        connection.prepare_threshold = None
        return connection

    def deliver_due(self, connection):
        """Delivers what is due. Returns how many were claimed."""
        count = 0
        while not self.is_ending:
            lease = max(60, CLAIMED * 3 * self.timeout)
            started = time.monotonic()
            rows = connection.execute(
                "SELECT p.*, pg_catalog.current_database() AS database"
                " FROM assay.pending_notifications(%s, lease => pg_catalog.make_interval(secs => %s)) AS p",
                (CLAIMED, lease),
            )
            names = [column.name for column in rows.description]
            notes = [dict(zip(names, row)) for row in rows]
            for note in notes:
                # Close to the end of its lease somebody else may soon have it: it is theirs.
                if self.is_ending or time.monotonic() - started > lease - 3 * self.timeout:
                    return count
                if note["repeated"]:
                    note["subject"] += " (may be a repeat)"
                status, detail = deliver(note, self.timeout)
                if status is None:
                    say(f"notification {note['id']}: not known whether it got through; {detail}")
                else:
                    connection.execute("SELECT assay.mark_notification(%s, %s, %s)", (note["id"], status, detail))
                    say(f"notification {note['id']}: {status}; {detail}")
                count += 1
            if len(notes) < CLAIMED:
                return count
        return count

    def serve(self):
        wait = 1.0
        while not self.is_ending:
            try:
                with self.connect() as connection:
                    connection.execute("LISTEN assay")
                    while not self.is_ending:
                        self.deliver_due(connection)
                        wait = 1.0
                        # Returns with the first notice, or when it is time to look again. Signals are looked at each second.
                        until = time.monotonic() + self.poll
                        while not self.is_ending and time.monotonic() < until:
                            if select.select([connection], [], [], 1.0)[0]:
                                # Something came: it is read, or that the connection is lost is found out.
                                connection.execute("SELECT 1")
                                break
            except psycopg.Error as problem:
                say(f"the database: {str(problem).strip()}; trying again in {wait:.0f} s")
                until = time.monotonic() + wait
                while not self.is_ending and time.monotonic() < until:
                    time.sleep(0.2)
                wait = min(60.0, wait * 2)


def main():
    arguments = argparse.ArgumentParser(description="Delivers assay's notifications; all settings come from the environment.")
    arguments.add_argument("--once", action="store_true", help="deliver what is due, and end")
    options = arguments.parse_args()
    sender = Sender()
    for number_of_signal in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number_of_signal, sender.end)
    if not options.once:
        sender.serve()
        return
    try:
        with sender.connect() as connection:
            sender.deliver_due(connection)
    except psycopg.Error as problem:
        sys.exit(f"the database: {str(problem).strip()}")


if __name__ == "__main__":
    main()

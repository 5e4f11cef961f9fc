"""The SMTP server of a test bed where Postfix cannot run: takes mail, hands it to LMTP.

Usage: aiosmtpd_front.py DIR DOMAIN LMTP SMTP SUBMISSION SMTPS (the last four are ports on loopback).
A mail is acknowledged only after LMTP has taken it. Nothing leaves the machine.
"""
import asyncio
import pathlib
import smtplib
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

FOLDER, DOMAIN = pathlib.Path(sys.argv[1]), sys.argv[2]
LMTP_PORT, SMTP_PORT, SUBMISSION_PORT, SMTPS_PORT = map(int, sys.argv[3:7])
HOST = "127.0.0.1"

PASSWORDS = {}
for line in (FOLDER / "users").read_text().splitlines():
    name, password = line.split(":")[:2]
    PASSWORDS[name] = password.removeprefix("{PLAIN}")


def hand_over(sender, recipients, content):
    """Delivers one mail by LMTP, a transaction for each recipient: smtplib reads one answer to a mail, not several."""
    try:
        with smtplib.LMTP(HOST, LMTP_PORT) as lmtp:
            for recipient in recipients:
                lmtp.sendmail(sender or "", [recipient], content)
    except smtplib.SMTPRecipientsRefused as error:
        code, text = next(iter(error.recipients.values()))
        return f"{code} {text.decode(errors='replace').splitlines()[0]}"
    except (OSError, smtplib.SMTPException) as error:
        return "451 4.4.1 the mailboxes are away: " + type(error).__name__
    return "250 2.0.0 delivered"


class Front:
    async def handle_RCPT(self, server, session, envelope, address, options):
        local, _, domain = address.rpartition("@")
        if domain.lower() != DOMAIN:
            return f"554 5.7.1 this test bed delivers to {DOMAIN} only"
        if f"{local.split('+')[0].lower()}@{DOMAIN}" not in PASSWORDS:
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, server, session, envelope):
        return await asyncio.to_thread(
            hand_over, envelope.mail_from, list(envelope.rcpt_tos), envelope.original_content)


def authenticate(server, session, envelope, mechanism, data):
    right = isinstance(data, LoginPassword) and PASSWORDS.get(data.login.decode()) == data.password.decode()
    return AuthResult(success=right, handled=False)


# Long lines arrive as they were written.
SMTP.line_length_limit = 1 << 24


async def main():
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(FOLDER / "tls/cert.pem", FOLDER / "tls/key.pem")

    def server(**options):
        return lambda: SMTP(Front(), hostname="mx." + DOMAIN, authenticator=authenticate, data_size_limit=None,
                            enable_SMTPUTF8=True, auth_require_tls=False, **options)

    loop = asyncio.get_running_loop()
    await loop.create_server(server(tls_context=tls), HOST, SMTP_PORT)
    await loop.create_server(server(tls_context=tls, require_starttls=True, auth_required=True), HOST, SUBMISSION_PORT)
    await loop.create_server(server(auth_required=True), HOST, SMTPS_PORT, ssl=tls)
    await asyncio.Event().wait()


asyncio.run(main())

"""Mail by SMTP, when the environment says where: BEKOSTIGING_SMTP_URL and BEKOSTIGING_MAIL_TO."""

import os
import smtplib
import socket
import ssl
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Self
from urllib.parse import unquote, urlsplit

from database.recordings import TIME_ZONE
from kernel.findings import Refusal

_URL, _TO = "BEKOSTIGING_SMTP_URL", "BEKOSTIGING_MAIL_TO"
_PORTS = {"smtp": 25, "smtps": 465}
_TIMEOUT_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A mail server and whom to write to. The first of these is the sender too.

    `smtps` is encrypted from the start. With `smtp` a password only goes over a connection that was encrypted first.
    """

    host: str
    port: int
    encrypted: bool
    user: str
    password: str = field(repr=False)
    to: tuple[str, ...] = ()

    @classmethod
    def from_environment(cls) -> Self | None:
        """None when no mail server is configured. Raises `Refusal` for what is not an address."""
        url, to = os.environ.get(_URL, ""), os.environ.get(_TO, "")
        addresses = tuple(address.strip() for address in to.split(",") if address.strip())
        if not url:
            return None
        if not addresses or any("@" not in address or len(address.split()) > 1 for address in addresses):
            raise Refusal(f"{_TO} noemt geen mailadressen", "schrijf een of meer adressen, met komma's ertussen")
        try:
            parts = urlsplit(url)
            port = parts.port or _PORTS[parts.scheme]
            if not parts.hostname:
                raise ValueError
        except (ValueError, KeyError):  # the address may hold a password, so it is not shown
            hint = "schrijf smtp://server:25, of smtps://gebruiker:wachtwoord@server:465, bijzondere tekens als %40"
            raise Refusal(f"{_URL} is geen adres van een mailserver", hint) from None
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        if not (user + password).isascii():
            hint = "kies ze zonder: mailservers kennen alleen ASCII"
            raise Refusal(f"gebruiker of wachtwoord in {_URL} heeft letters met een accent", hint)
        return cls(parts.hostname, port, parts.scheme == "smtps", user, password, addresses)


def send(mailbox: Mailbox, subject: str, body: str) -> None:
    """Raises `Refusal` when the server does not take it."""
    message = EmailMessage()
    message["Subject"] = subject
    message["From"] = mailbox.to[0]
    message["To"] = ", ".join(mailbox.to)
    message["Date"] = format_datetime(datetime.now(TIME_ZONE))
    message.set_content(body)
    try:
        with _connect(mailbox) as server:
            if mailbox.user:
                if not mailbox.encrypted:
                    server.starttls(context=ssl.create_default_context())
                server.login(mailbox.user, mailbox.password)
            refused = server.send_message(message)
    except (OSError, UnicodeError, smtplib.SMTPException) as error:  # what the server says may quote what it was sent
        code = f" {error.smtp_code}" if isinstance(error, smtplib.SMTPResponseException) else ""
        raise Refusal(
            f"de mail aan {message['To']} is niet verstuurd ({type(error).__name__}{code})",
            f"controleer {_URL} en {_TO}",
        ) from None
    if refused:  # the others have it
        raise Refusal(f"de mailserver weigert een deel van de mail: {', '.join(refused)}", f"controleer {_TO}")


def _connect(mailbox: Mailbox) -> smtplib.SMTP:
    name = socket.gethostname()  # not the full name, which may have to be asked of another machine
    if mailbox.encrypted:
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(mailbox.host, mailbox.port, name, timeout=_TIMEOUT_SECONDS, context=context)
    return smtplib.SMTP(mailbox.host, mailbox.port, name, timeout=_TIMEOUT_SECONDS)

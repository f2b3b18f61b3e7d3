"""A mail server that takes mail only over TLS, and prints what it took: one JSON line each."""

import json
import ssl
import sys
import threading

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult


class Shelf:
    async def handle_DATA(self, server, session, envelope):
        print(
            json.dumps(
                {
                    "tls": server.transport.get_extra_info("ssl_object").version(),
                    "user": session.auth_data.login.decode() if session.auth_data else None,
                    "from": envelope.mail_from,
                    "to": envelope.rcpt_tos,
                    "mail": envelope.content.decode(),
                }
            ),
            flush=True,
        )
        return "250 OK"


def check(server, session, envelope, mechanism, auth_data):
    is_known = auth_data.login == b"tegata" and auth_data.password == b"s3cret"
    return AuthResult(success=is_known, handled=is_known, auth_data=auth_data)


class Implicit(Controller):
    """TLS from the first byte, as on port 465."""

    def factory(self):
        return SMTP(self.handler, authenticator=check, auth_required=True, auth_require_tls=False)


class Starts(Controller):
    """Nothing but STARTTLS is taken before it, as on port 587."""

    def factory(self):
        return SMTP(
            self.handler,
            authenticator=check,
            auth_required=True,
            require_starttls=True,
            tls_context=self.context,
        )


def main(certificate, key, starts, implicit):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    one = Starts(Shelf(), hostname="127.0.0.1", port=int(starts))
    one.context = context
    one.start()
    two = Implicit(Shelf(), hostname="127.0.0.1", port=int(implicit), ssl_context=context)
    two.start()
    print("ready", flush=True)
    threading.Event().wait()


main(*sys.argv[1:])

"""A small provider of OpenID Connect on this machine: whoever comes says who he is, and is believed."""

import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "mmexplore-tests", "a secret of the tests"
PEOPLE = ("jane@example.org", "bob@example.org", "mallory@elsewhere.org")


class Provider(ThreadingHTTPServer):
    """The provider; ``codes`` are those that it gave and nobody has redeemed."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.url = f"http://localhost:{self.server_port}"
        self.key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
        self.codes: dict[str, dict[str, Any]] = {}


class _Answers(BaseHTTPRequestHandler):
    server: Provider

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        given = {name: values[0] for name, values in parse_qs(asked.query).items()}
        url = self.server.url
        if asked.path == "/.well-known/openid-configuration":
            places = {f"{name}_endpoint": f"{url}/{name}" for name in ("authorization", "token")}
            about = {"issuer": url, "jwks_uri": f"{url}/keys", "code_challenge_methods_supported": ["S256"]}
            self._say(about | places | {"id_token_signing_alg_values_supported": ["RS256"]})
        elif asked.path == "/keys":
            self._say({"keys": [self.server.key.as_dict(private=False)]})
        elif asked.path == "/authorization" and "who" not in given:
            links = "".join(
                f'<p><a href="/authorization?{urlencode(given | {"who": who})}">{who}</a></p>' for who in PEOPLE
            )
            self._send(200, f"<h1>Who are you?</h1>{links}".encode(), "text/html")
        elif asked.path == "/authorization":
            code = secrets.token_urlsafe()
            self.server.codes[code] = given
            self.send_response(302)
            back = urlencode({"code": code, "state": given["state"]})
            self.send_header("Location", f"{given['redirect_uri']}?{back}")
            self.end_headers()
        else:
            self._send(404, b"", "text/plain")

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        given = {name: values[0] for name, values in parse_qs(self.rfile.read(length).decode()).items()}
        asked = self.server.codes.pop(given["code"])
        now = int(time.time())
        claims = {"iss": self.server.url, "aud": CLIENT, "sub": asked["who"].partition("@")[0], "iat": now}
        claims |= {"exp": now + 600, "email": asked["who"], "email_verified": True, "nonce": asked.get("nonce")}
        token = jwt.encode({"alg": "RS256", "kid": "one"}, claims, self.server.key)
        self._say({"access_token": secrets.token_urlsafe(), "token_type": "Bearer", "id_token": token})

    def _say(self, value: object) -> None:
        self._send(200, json.dumps(value).encode(), "application/json")

    def _send(self, status: int, content: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def provider() -> Iterator[Provider]:
    with Provider() as found:
        threading.Thread(target=found.serve_forever, daemon=True).start()
        try:
            yield found
        finally:
            found.shutdown()

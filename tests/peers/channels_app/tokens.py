"""JSON Web Tokens signed with HS256, as the site gives them out: one username, good for an hour."""

import base64
import binascii
import hashlib
import hmac
import json
import time

SIGNING_KEY = b"the key of a site that does not exist"


def _encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decoded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _signature(signed):
    return _encoded(hmac.new(SIGNING_KEY, signed.encode(), hashlib.sha256).digest())


def token_for(username, seconds=3600):
    """`seconds`: until it expires; negative: it has."""
    now = int(time.time())
    claims = {"username": username, "iat": now, "exp": now + seconds, "orig_iat": now}
    signed = ".".join(_encoded(json.dumps(part).encode()) for part in ({"typ": "JWT", "alg": "HS256"}, claims))
    return f"{signed}.{_signature(signed)}"


def username_of(token):
    """Whose token it is; None when it is nobody's, or expired."""
    signed, _, signature = token.rpartition(".")
    if not hmac.compare_digest(_signature(signed).encode(), signature.encode()):
        return None
    try:
        claims = json.loads(_decoded(signed.partition(".")[2]))
    except (binascii.Error, ValueError):
        return None
    return claims["username"] if claims["exp"] > time.time() else None

"""What a client number becomes in the process that reads it."""

import hmac


def pseudonym(key: bytes, client: str) -> str:
    """The pseudonym of a client number: its HMAC-SHA256 under the key of the user, as 64 hexadecimal digits."""
    return hmac.digest(key, client.encode(), "sha256").hex()

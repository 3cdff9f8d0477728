"""The API as the tests of the document use it, and wallets to log in with."""

import json

import coincurve
import requests
from Crypto.Hash import keccak

BASE = "/api/v4"


class Api:
    """Somebody who calls the API."""

    def __init__(self, url, token=None):
        self.url = url
        self.token = token
        self.session = requests.Session()
        self.session.trust_env = False

    def send(self, method, path, body=None):
        """The answer, whatever it is."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        data = None if body is None else json.dumps(body)
        return self.session.request(method, f"{self.url}{BASE}{path}", data=data, headers=headers, timeout=30)

    def ok(self, method, path, body=None):
        """The body of a success; anything else ends the run."""
        answer = self.send(method, path, body)
        if not answer.ok:
            raise RuntimeError(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.json()

    def upload(self, path, part, content):
        """The answer to a form with one file; anything but success ends the run."""
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = self.session.post(f"{self.url}{BASE}{path}", files={part: content}, headers=headers, timeout=30)
        if not answer.ok:
            raise RuntimeError(f"{path}: {answer.status_code} {answer.text}")
        return answer.json()

    def proof(self, wallet):
        """A challenge signed by a wallet."""
        challenge = self.ok("GET", f"/auth/challenge?wallet={wallet.address}")["challenge"]
        return {"wallet": wallet.address, "network": "ethereum", "signedChallenge": wallet.sign(challenge)}

    def login(self, wallet):
        """The account of a wallet."""
        return Api(self.url, self.ok("POST", "/auth/token", self.proof(wallet))["token"])

    def guest(self):
        """A new guest."""
        return Api(self.url, self.ok("POST", "/auth/guest-token", {})["token"])


class Wallet:
    """An Ethereum wallet, the same for the same number."""

    def __init__(self, number):
        self.key = coincurve.PrivateKey.from_int(number)
        public = self.key.public_key.format(compressed=False)[1:]
        self.address = "0x" + digest(public)[-20:].hex()

    def sign(self, text):
        """As wallets sign texts: EIP-191 (docs/spec/rest.md §4.2)."""
        message = text.encode()
        prefixed = b"\x19Ethereum Signed Message:\n" + str(len(message)).encode() + message
        signature = self.key.sign_recoverable(digest(prefixed), hasher=None)
        return "0x" + signature[:64].hex() + bytes([signature[64] + 27]).hex()


def digest(data):
    return keccak.new(digest_bits=256, data=data).digest()

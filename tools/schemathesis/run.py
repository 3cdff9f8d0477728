"""Holds a running server to its OpenAPI document: every operation, as a guest and as the owner of the node.

Usage: run.py PROGRAM. Starts the program on an empty directory, without limits. Fails if schemathesis finds an answer that
the document does not speak of or a failure of the server, if an operation that can succeed never did, and if the callers'
tokens are no longer good for anything in the end: then nothing after that would have been tested.
"""

import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import uuid
from contextlib import closing
from pathlib import Path

from client import BASE, Api, Wallet
from names import operations
from valid import REQUESTS, UNREACHABLE, WORLD_TYPE

HERE = Path(__file__).parent


def main():
    program = str(Path(sys.argv[1]).resolve())
    with tempfile.TemporaryDirectory(prefix="odyssey-api") as folder:
        home = Path(folder)
        with open(home / "log", "wb") as log:
            server = subprocess.Popen(
                [program, "serve", "--bind", "127.0.0.1:0", "--data", str(home / "data"), "--limits", "off"],
                cwd=home, stdout=subprocess.PIPE, stderr=log, text=True,
                # One account uploads as many as all tests together.
                env={**os.environ, "ODYSSEY_MEDIA__QUOTAS__PER_MINUTE": "1000000",
                     "ODYSSEY_MEDIA__QUOTAS__FREE_PERCENT": "0"},
            )  # fmt: skip
        try:
            problems = check(server, home)
        finally:
            server.terminate()
            server.wait(20)
        log = (home / "log").read_text(errors="replace")
        problems += [line for line in log.splitlines() if "panicked" in line]
        if problems:
            print("\n".join(["", "the API and its document:", *problems]), file=sys.stderr)
            sys.exit(1)


def check(server, home):
    url = claim = None
    for line in server.stdout:
        url = line.removeprefix("listening on ").strip() if line.startswith("listening on ") else url
        claim = line.split("#token=")[1].strip() if "#token=" in line else claim
        if url and claim:
            break
    else:
        return ["the server does not start: " + (home / "log").read_text(errors="replace")]
    state = prepare(url, claim, home)
    problems, answers = [], {}
    for caller in ["guest", "owner"]:
        file = home / f"{caller}.json"
        file.write_text(json.dumps(state["shared"] | state[caller]))
        print(f"\n=== as {caller}", flush=True)
        if run(url, state[caller]["token"], file) != 0:
            problems.append(f"as {caller}: see above")
        answers[caller] = json.loads(file.with_suffix(".answers").read_text())
        me = Api(url, state[caller]["token"]).send("GET", "/users/me")
        if me.status_code != 200:
            problems.append(f"the token of the {caller} is void in the end: {me.status_code}")
    if server.poll() is not None:
        problems.append(f"the server ended with {server.returncode}")
    return problems + unreached(url, answers)


def prepare(url, claim, home):
    """An owner, a friend of theirs, a guest, and an uploaded plugin."""
    stranger = Api(url)
    owner, friend = stranger.login(Wallet(1)), stranger.login(Wallet(2))
    owner.ok("POST", "/node/claim-owner", {"token": claim})
    owner.ok("PATCH", "/profile", {"name": "Owner"})
    friend.ok("PATCH", "/profile", {"name": "Friend"})
    guest = stranger.guest()
    friends = who(friend)["user"]
    node = owner.ok("GET", "/config/ui-client")["NODE_ID"]
    for name in ["Owner's", "Friend's"]:
        body = {"object_name": name, "parent_id": node, "object_type_id": WORLD_TYPE}
        world = owner.ok("POST", "/objects", body)["object_id"]
    # As if a token had been minted for them.
    database = home / "data" / "odyssey.db"
    with closing(sqlite3.connect(database, timeout=30)) as rows, rows:
        ids = (uuid.UUID(friends).bytes, uuid.UUID(world).bytes)
        rows.execute("UPDATE object SET owner_id = ? WHERE object_id = ?", ids)

    return {
        "shared": {
            "url": url, "database": str(database), "owner_token": owner.token,
            "owner_wallet": Wallet(1).address, "friend": friends, "friend_wallet": Wallet(2).address,
        },
        "owner": {**who(owner), "wallet": Wallet(1).address, "first_wallet": 1_000_000},
        "guest": {**who(guest), "wallet": Wallet(3).address, "first_wallet": 2_000_000},
    }  # fmt: skip


def who(api):
    return {"token": api.token, "user": api.ok("GET", "/users/me")["id"]}


def run(url, token, state):
    environment = dict(os.environ, ODYSSEY_API_STATE=str(state), SCHEMATHESIS_HOOKS="hooks", PYTHONPATH=str(HERE))
    command = [
        str(Path(sys.executable).parent / "schemathesis"), "--config-file", str(HERE / "schemathesis.toml"),
        "run", f"{url}{BASE}/openapi.json", "--url", url, "--header", f"Authorization: Bearer {token}",
        "--suppress-health-check", "all", "--warnings", "off",
    ]  # fmt: skip
    return subprocess.run(command, cwd=state.parent, env=environment).returncode


def unreached(url, answers):
    """Operations that should have succeeded and never did, and those that nobody said how to."""
    document = Api(url).ok("GET", "/openapi.json")
    problems, succeeded, all_operations = [], 0, operations(document)
    for operation in all_operations:
        statuses = [int(status) for of in answers.values() for status in of.get(operation, {})]
        reached = any(200 <= status < 300 for status in statuses)
        succeeded += reached
        if reached and operation in UNREACHABLE:
            problems.append(f"{operation} succeeds, but valid.py says that it cannot")
        if reached or operation in UNREACHABLE:
            continue
        if operation not in REQUESTS:
            problems.append(f"{operation}: never succeeded: give an example of its body, or say in tools/schemathesis/valid.py how it does")
        else:
            problems.append(f"{operation} never succeeded: {sorted(set(statuses))}")
    print(f"\n{succeeded} of {len(all_operations)} operations succeeded, {len(UNREACHABLE)} cannot")
    return problems


if __name__ == "__main__":
    main()

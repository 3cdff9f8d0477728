"""A request that succeeds, for every operation of the API.

Generated requests name things that do not exist, and so test refusals only. Each function here makes a request whose answer
has to be a success for at least one of the callers; what it deletes, it makes before. An operation needs none if it succeeds
with ids of things that exist and the example of a body that the document has.
"""

import io
import json
import struct
import tarfile
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

from client import Api, Wallet

CORE = "f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0"
WALLETS = "86dc3ae7-9f3d-42cb-85a3-a71abc3c3cb8"
WELCOME = "00000000-0000-8000-8000-000000000001"
PLAZA = "00000000-0000-8000-8000-000000000101"
NORMAL = "4ed3a5bb-53f8-4511-941b-07902982c31c"
CLAIMABLE = "4ed3a5bb-53f8-4511-941b-079029111111"
WORLD_TYPE = "a41ee21e-6c56-41b3-81a9-1c86578b6b3c"
CANVAS = "590028c4-2f9d-4c7e-abc3-791774fbe4c5"
CANVAS_CHILD = "3eca3dd5-a2e1-4347-926a-19eab6da54b2"
CUBE = "5b5bd872-0328-e38c-1b54-bf2bfa70fc85"
SKY = "26485e74acb29223ba7a9fa600d36c7f"
PICTURE = "03ce359d18bfc0fe977bd66ab471d222"

#: Only who is in a world by PosBus may do it; the black-box tests have clients for that.
IN_THE_WORLD = "the caller has to be in the world"
#: The black-box tests have providers of their own.
PROVIDER = "there is no provider of pictures"

#: Operations that cannot succeed here, and why.
UNREACHABLE = {
    "POST /node/claim-owner": "works once, before this begins",
    "POST /webhook/skybox-blockadelabs": "always refused: reports come to a secret address",
    "POST /worlds/{}/fly-to-me": IN_THE_WORLD,
    "POST /objects/{}/agora/token": IN_THE_WORLD,
    "POST /streamchat/{}/token": IN_THE_WORLD,
    "POST /streamchat/{}/join": IN_THE_WORLD,
    "POST /streamchat/{}/leave": IN_THE_WORLD,
    "GET /skybox/styles": PROVIDER,
    "POST /skybox/generate": PROVIDER,
    "GET /skybox/{}": PROVIDER,
    "DELETE /skybox/{}": PROVIDER,
    "POST /webhook/skybox-blockadelabs/{}": PROVIDER,
    "POST /leonardo/generate": PROVIDER,
    "GET /leonardo/generate/{}": PROVIDER,
}

REQUESTS = {}


@dataclass
class Request:
    """What to put in the place of what was generated."""

    path: dict = field(default_factory=dict)
    query: dict = field(default_factory=dict)
    body: object = None
    #: Parts of a form, for operations that take one.
    form: object = None


def succeeds(operation):
    """Declares how an operation succeeds."""

    def declare(function):
        REQUESTS[operation] = function
        return function

    return declare


def constant(operation, path=None, query=None, body=None):
    """Declares an operation that succeeds with the same request for everybody."""
    REQUESTS[operation] = lambda world: Request(path or {}, query or {}, body)


def assumed(case, world):
    """What an operation is asked for that is not named here."""
    ids = {"objectID": PLAZA, "worldID": WELCOME, "userID": world.state.friend, "targetID": world.state.friend}
    content = case.operation.definition.raw.get("requestBody", {}).get("content", {})
    return Request(ids, body=content.get("application/json", {}).get("example"))


class World:
    """What there is on the server, as seen by one caller."""

    def __init__(self, state):
        self.state = SimpleNamespace(**state)
        self.url = self.state.url
        self.caller = Api(self.url, self.state.token)
        self.owner = Api(self.url, self.state.owner_token)
        self.wallets = self.state.first_wallet

    def create(self, parent=WELCOME, kind=NORMAL):
        """A new object, made by the owner."""
        body = {"object_name": "Thing", "parent_id": parent, "object_type_id": kind}
        return self.owner.ok("POST", "/objects", body)["object_id"]

    def wallet(self):
        """A wallet that nobody has."""
        self.wallets += 1
        return Wallet(self.wallets)

    def activity(self):
        """A new activity of the owner."""
        body = {"type": "screenshot", "hash": PICTURE, "description": "A picture"}
        return self.owner.ok("POST", f"/objects/{WELCOME}/timeline", body)["activity_id"]

    def asset(self):
        """A model in the caller's library."""
        return self.caller.upload("/assets-3d/upload", "asset", MODEL)["id"]

    def sound(self):
        return self.owner.upload("/media/upload/audio", "file", SOUND)["hash"]

    def video(self):
        return self.owner.upload("/media/upload/video", "file", VIDEO)["hash"]

    def bundle(self):
        return self.owner.upload("/media/upload/plugin", "file", BUNDLE)["hash"]


def box(name, content):
    return struct.pack(">I", len(content) + 8) + name + content


def archive(files):
    """A gzipped tar of files below one folder."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(f"clock-1.0.0/{name}")
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


MODEL = (Path(__file__).parent / f"../../assets/shapes/{CUBE}.glb").read_bytes()
SOUND = b"RIFF" + struct.pack("<I", 44) + b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 8000, 1, 8) + b"data" + (
    struct.pack("<I", 8) + b"\x80" * 8
)
VIDEO = box(b"ftyp", b"isom\0\0\0\0") + box(b"mdat", b"\0" * 16)
BUNDLE = archive({
    "manifest.json": json.dumps({"name": "clock", "version": "1.0.0"}).encode(), "remoteEntry.js": b"var clock;",
})  # fmt: skip


def attribute(name="description", plugin=CORE, **more):
    return {"plugin_id": plugin, "attribute_name": name, **more}


def whole(name, value, plugin=CORE):
    return attribute(name, plugin, attribute_value=value)


def entry(name, key, value=None, plugin=CORE):
    body = attribute(name, plugin, sub_attribute_key=key)
    return body if value is None else {**body, "sub_attribute_value": value}


# What needs nothing.
for operation in [
    "GET /version", "GET /health", "GET /ready", "GET /status.json", "GET /config/ui-client", "GET /plugin", "GET /quic",
    "POST /auth/guest-token", "GET /users/me", "GET /users", "GET /users/top-stakers", "GET /users/me/stakes",
    "GET /users/me/wallets", "GET /worlds", "GET /plugins", "GET /plugins/search", "GET /assets-3d",
    "GET /node/hosting-allow-list",
]:  # fmt: skip
    constant(operation)

# Logging in and wallets.
constant("GET /auth/challenge", query={"wallet": Wallet(9).address})


@succeeds("POST /auth/token")
def log_in(world):
    return Request(body=world.caller.proof(world.wallet()))


@succeeds("POST /users/me/attach-account")
def attach(world):
    return Request(body=world.caller.proof(world.wallet()))


@succeeds("DELETE /users/me/remove-wallet")
def remove_wallet(world):
    # The first wallet of a guest is its last one, too.
    for _ in range(2):
        wallet = world.wallet()
        world.caller.ok("POST", "/users/me/attach-account", world.caller.proof(wallet))
    return Request(body={"wallet": wallet.address})


# Users and what they tell about themselves.
@succeeds("POST /users/me/stakes")
def stake(world):
    body = {
        "transaction_id": "0x" + uuid.uuid4().hex * 2, "odyssey_id": WELCOME, "wallet": world.state.wallet,
        "comment": "For the plaza", "amount": "1000", "kind": "0",
    }  # fmt: skip
    return Request(body=body)


constant("GET /users/search", query={"query": "Owner"})
for operation in ["GET /users/{}", "GET /users/{}/worlds", "GET /users/{}/staked-worlds"]:
    REQUESTS[operation] = lambda world: Request({"userID": world.state.friend})
constant("PATCH /profile", body={"profile": {"bio": "Here and there", "location": "Earth", "avatarHash": PICTURE}})


@succeeds("GET /users/me/attributes")
def own_attribute(world):
    write_own(world)
    return Request(query=attribute("staking"))


def write_own(world):
    world.caller.ok("POST", f"/users/{world.state.user}/attributes", whole("staking", {"a": 1}))
    return {"userID": world.state.user}


REQUESTS["GET /users/{}/attributes"] = lambda world: Request(write_own(world), attribute("staking"))
REQUESTS["POST /users/{}/attributes"] = lambda world: Request(write_own(world), body=whole("staking", {"a": 2}))
REQUESTS["DELETE /users/{}/attributes"] = lambda world: Request(write_own(world), {}, attribute("staking"))
REQUESTS["GET /users/{}/attributes/sub"] = lambda world: Request(write_own(world), entry("staking", "a"))
REQUESTS["POST /users/{}/attributes/sub"] = lambda world: Request(write_own(world), body=entry("staking", "b", [1]))
REQUESTS["DELETE /users/{}/attributes/sub"] = lambda world: Request(write_own(world), body=entry("staking", "a"))
REQUESTS["POST /users/attributes/sub/{}/{}"] = lambda world: Request(
    {"userID": world.state.user, "targetID": world.state.friend}, body=entry("high_five", "counter", 1)
)


# Docks: both sides have to want them.
@succeeds("POST /users/mutual-docks")
def dock(world):
    return Request(body={"walletA": world.state.owner_wallet, "walletB": world.state.friend_wallet})


@succeeds("DELETE /users/mutual-docks")
def undock(world):
    return Request(body={"walletA": world.state.owner_wallet, "walletB": world.state.friend_wallet})


# Worlds.
constant("GET /worlds/{}", {"worldID": WELCOME})
constant("GET /worlds/explore/search", query={"query": "Welcome"})
constant("GET /worlds/{}/explore", {"worldID": WELCOME}, {"object_id": PLAZA})
constant("GET /worlds/{}/online-users", {"worldID": WELCOME})
constant("PATCH /worlds/{}", {"worldID": WELCOME}, body={"description": "A place to begin"})
constant("POST /worlds/{}/fly-to-me", {"worldID": WELCOME})
constant("POST /worlds/{}/teleport-user", {"worldID": WELCOME})

# The node.
constant("POST /node/get-challenge", body={"odyssey_id": WELCOME})
constant("GET /node/attributes", query=attribute("node_settings"))
constant("POST /node/attributes", body=whole("tracker_ai_usage", {}))
constant("DELETE /node/attributes", query=attribute("leonardo"))
REQUESTS["POST /node/hosting-allow-list"] = lambda world: Request(body={"user_id": world.state.friend})


@succeeds("DELETE /node/hosting-allow-list/{}")
def disallow(world):
    world.owner.ok("POST", "/node/hosting-allow-list", {"user_id": world.state.user})
    return Request({"userID": world.state.user})


REQUESTS["POST /node/activate-plugin"] = lambda world: Request(body={"plugin_hash": world.bundle()})
constant("GET /plugins/meta", query={"ids[]": [CORE]})
constant("GET /plugins/options", query={"ids[]": [CORE]})

# Objects.
constant("POST /objects", body={"object_name": "Thing", "parent_id": WELCOME, "object_type_id": NORMAL})
constant("GET /objects/{}", {"objectID": PLAZA})
constant("PATCH /objects/{}", {"objectID": PLAZA}, body={"object_name": "Plaza"})
REQUESTS["DELETE /objects/{}"] = lambda world: Request({"objectID": world.create()})
constant("POST /objects/{}/clone", {"objectID": PLAZA})
constant("GET /objects/{}/tree", {"objectID": WELCOME})
constant("GET /objects/{}/options", {"objectID": PLAZA})
constant("GET /objects/{}/options/sub", {"objectID": PLAZA}, {"sub_option_key": "a"})
constant("POST /objects/{}/options", {"objectID": PLAZA}, body={"options": {"visible": 3, "subs": {"a": 1}}})
constant("POST /objects/{}/options/sub", {"objectID": PLAZA}, body={"sub_option_key": "a", "sub_option_value": 1})
constant("DELETE /objects/{}/options/sub", {"objectID": PLAZA}, body={"sub_option_key": "b"})
REQUESTS["POST /objects/{}/spawn-by-user"] = lambda world: Request(
    {"objectID": world.create(kind=CANVAS)}, body={"object_name": "Mine", "object_type_id": CANVAS_CHILD}
)
CLAIM = {"title": "Mine", "text": "All mine", "image_hash": PICTURE}
REQUESTS["POST /objects/{}/claim-and-customise"] = lambda world: Request(
    {"objectID": world.create(kind=CLAIMABLE)}, body=CLAIM
)


@succeeds("POST /objects/{}/unclaim-and-clear-customisation")
def unclaim(world):
    thing = world.create(kind=CLAIMABLE)
    world.caller.ok("POST", f"/objects/{thing}/claim-and-customise", CLAIM)
    return Request({"objectID": thing})


# Attributes of objects.
def write(world, name="description", value=None):
    world.owner.ok("POST", f"/objects/{PLAZA}/attributes", whole(name, value or {"description": "A plaza"}))
    return {"objectID": PLAZA}


REQUESTS["GET /objects/{}/attributes"] = lambda world: Request(write(world), attribute())
REQUESTS["POST /objects/{}/attributes"] = lambda world: Request(write(world), body=whole("description", {"a": 1}))
REQUESTS["DELETE /objects/{}/attributes"] = lambda world: Request(write(world), attribute())
REQUESTS["GET /objects/{}/attributes/sub"] = lambda world: Request(write(world), entry("description", "description"))
REQUESTS["POST /objects/{}/attributes/sub"] = lambda world: Request(write(world), body=entry("description", "b", 1))
REQUESTS["DELETE /objects/{}/attributes/sub"] = lambda world: Request(write(world), body=entry("description", "b"))
constant("GET /objects/{}/attributes-with-children", {"objectID": WELCOME}, attribute("name"))
REQUESTS["POST /objects/{}/attributes/publicize"] = lambda world: Request(
    write(world, "shaders", {"a": 1}), attribute("shaders")
)


# Attributes of users in objects.
def write_in(world):
    world.caller.ok("POST", f"/objects/{PLAZA}/{world.state.user}/attributes", whole("comments", {"a": {"content": "b"}}))
    return {"objectID": PLAZA, "userID": world.state.user}


REQUESTS["GET /objects/{}/{}/attributes"] = lambda world: Request(write_in(world), attribute("comments"))
REQUESTS["POST /objects/{}/{}/attributes"] = lambda world: Request(write_in(world), body=whole("vote", {}))
REQUESTS["DELETE /objects/{}/{}/attributes"] = lambda world: Request(write_in(world), body=attribute("vote"))
REQUESTS["GET /objects/{}/{}/attributes/sub"] = lambda world: Request(write_in(world), entry("comments", "a"))
REQUESTS["POST /objects/{}/{}/attributes/sub"] = lambda world: Request(
    write_in(world), body=entry("comments", "b", {"content": "c"})
)
REQUESTS["DELETE /objects/{}/{}/attributes/sub"] = lambda world: Request(write_in(world), body=entry("comments", "b"))
constant("GET /objects/{}/all-users/attributes", {"objectID": PLAZA}, attribute("comments"))
constant("GET /objects/{}/all-users/count", {"objectID": PLAZA}, attribute("vote"))
REQUESTS["GET /objects/{}/all-users/attributes/{}/{}/entries"] = lambda world: Request(
    {**write_in(world), "pluginID": CORE, "attrName": "comments"}, {"fields[]": ["content"]}
)

# Members.
constant("GET /objects/{}/members", {"objectID": WELCOME})
REQUESTS["POST /objects/{}/members"] = lambda world: Request(
    {"objectID": PLAZA}, body={"role": "admin", "user_id": world.state.friend}
)
REQUESTS["DELETE /objects/{}/members/{}"] = lambda world: Request({"objectID": PLAZA, "userID": world.state.friend})

# News.
constant("GET /objects/newsfeed", query={"startIndex": "0", "pageSize": "10"})
constant("GET /objects/{}/timeline", {"objectID": WELCOME}, {"startIndex": "0", "pageSize": "10"})
constant("POST /objects/{}/timeline", {"objectID": WELCOME}, body={"type": "screenshot", "hash": PICTURE})
for operation in ["GET /objects/{}/timeline/{}", "PATCH /objects/{}/timeline/{}", "DELETE /objects/{}/timeline/{}"]:
    REQUESTS[operation] = lambda world: Request(
        {"objectID": WELCOME, "activityID": world.activity()}, body={"description": "Another picture"}
    )
REQUESTS["GET /canvas/{}/user-contributions"] = lambda world: Request({"objectID": world.create(kind=CANVAS)})


# Assets, media, NFT.
constant("GET /assets-2d/{}", {"asset2dID": "7be0964f-df73-4880-91f5-22eef996aaaa"})
constant("GET /assets-3d/options", query={"assets3d_ids[]": [CUBE]})


@succeeds("PATCH /assets-3d/{}")
def change_asset(world):
    return Request({"asset3dID": world.asset()}, body={"meta": {"name": "Box"}})


@succeeds("DELETE /assets-3d/{}")
def remove_asset(world):
    return Request({"asset3dID": world.asset()})


constant("GET /media/render/get/{}", {"file": PICTURE})
constant("GET /media/render/texture/{}/{}", {"rsize": "s8", "file": SKY})
constant("GET /media/render/asset/{}", {"file": CUBE.replace("-", "")})
REQUESTS["GET /media/render/track/{}"] = lambda world: Request({"file": world.sound()})
REQUESTS["GET /media/render/video/{}"] = lambda world: Request({"file": world.video()})
REQUESTS["GET /media/render/plugin/{}/{}"] = lambda world: Request({"hash": world.bundle(), "path": "remoteEntry.js"})
constant("GET /media/meta/{}", {"file": PICTURE})
constant("DELETE /media/{}/{}", {"kind": "image", "file": PICTURE})
REQUESTS["DELETE /media/deltrack/{}"] = lambda world: Request({"file": world.sound()})
REQUESTS["POST /media/upload/audio"] = lambda world: Request(form={"file": SOUND})
REQUESTS["POST /media/upload/video"] = lambda world: Request(form={"file": VIDEO})
REQUESTS["POST /media/upload/plugin"] = lambda world: Request(form={"file": BUNDLE})
REQUESTS["POST /assets-3d/upload"] = lambda world: Request(form={"asset": MODEL, "name": "Box"})
constant("GET /nft/{}", {"nftID": str(uuid.UUID(WELCOME).int)})

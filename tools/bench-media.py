#!/usr/bin/env python3
"""Measures uploads and downloads of contents beside what the machine can do: nginx (`sendfile` off) on the same
files over the same loopback, and `cp` with `sha256sum`. Prints a table and writes docs/performance/media.json.

Needs nginx, wrk and curl, some GB of free space, and `cargo build --release` before.

  tools/bench-media.py [memory] [download] [requests] [upload] [ticks]    all if nothing is said

`ticks` has 1,000 users of `odyssey swarm` walk, without and with 20 uploads of 1 MB/s each and 200 new variants
of pictures a minute, BENCH_PAIRS (3) times in turns on fresh servers.

BENCH_BYTES (500,000,000) of the large file, BENCH_RUNS (7) of each, in turns; BENCH_REQUESTS (10,000),
BENCH_CONNECTIONS (16), BENCH_PROFILE (release), BENCH_OUT (docs/performance), BENCH_WORK for the files.
"""

import json
import os
import pathlib
import random
import re
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
import zlib

ROOT = pathlib.Path(__file__).resolve().parent.parent
BYTES = int(os.environ.get("BENCH_BYTES", 500_000_000))
RUNS = int(os.environ.get("BENCH_RUNS", 7))
REQUESTS = int(os.environ.get("BENCH_REQUESTS", 10_000))
CONNECTIONS = int(os.environ.get("BENCH_CONNECTIONS", 16))
PROFILE = os.environ.get("BENCH_PROFILE", "release")
OUT = pathlib.Path(os.environ.get("BENCH_OUT", ROOT / "docs/performance"))
AT_ONCE = 20
NGINX_PORT = 48099


def command(*arguments, **options):
    done = subprocess.run([str(a) for a in arguments], check=True, capture_output=True, text=True, **options)
    return done.stdout


def model(path, size, seed):
    """Writes a model of one triangle in a buffer of random bytes."""
    generator = random.Random(seed)
    scene = {
        "asset": {"version": "2.0"},
        "buffers": [{"byteLength": size}],
        "bufferViews": [{"buffer": 0, "byteLength": 36}],
        "accessors": [{"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3",
                       "min": [0, 0, 0], "max": [1, 1, 0]}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}}]}],
        "nodes": [{"mesh": 0}], "scenes": [{"nodes": [0]}], "scene": 0,
    }
    text = json.dumps(scene).encode()
    text += b" " * (-len(text) % 4)
    with open(path, "wb") as file:
        file.write(struct.pack("<4sII", b"glTF", 2, 12 + 8 + len(text) + 8 + size))
        file.write(struct.pack("<I4s", len(text), b"JSON") + text)
        file.write(struct.pack("<I4s", size, b"BIN\0"))
        file.write(struct.pack("<9f", 0, 0, 0, 1, 0, 0, 0, 1, 0))
        left = size - 36
        while left:
            piece = generator.randbytes(min(left, 1 << 20))
            file.write(piece)
            left -= len(piece)


def noise(path, width, height):
    """Writes a picture that no encoder makes small."""
    png(path, width, height, b"".join(b"\0" + random.Random(y).randbytes(width * 3) for y in range(height)))


def png(path, width, height, rows):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 1))
                     + chunk(b"IEND", b""))


def scene(path, seed, width=800, height=600):
    """Writes a picture with slopes, edges and some noise, as a photo has."""
    generator = random.Random(seed)
    noise = [generator.randrange(12) for _ in range(4096)]
    rows = bytearray()
    for y in range(height):
        rows.append(0)
        for x in range(width):
            grain = noise[(x * 7 + y * 131 + seed) % 4096]
            bright = 80 if (x // 90 + y // 70 + seed) % 3 else 0
            rows += bytes(((x * 255 // width + grain) & 255, (y * 200 // height + grain) & 255, bright + grain))
    png(path, width, height, bytes(rows))


class Odyssey:
    built = ROOT / os.environ.get("CARGO_TARGET_DIR", "target") / ("debug" if PROFILE == "dev" else PROFILE)

    def __init__(self, work):
        settings = {"LIMITS__MODEL": 1 << 30, "QUOTAS__GUEST": 1 << 40, "QUOTAS__NODE": 1 << 42,
                    "QUOTAS__PER_MINUTE": 10_000, "QUOTAS__AT_ONCE": AT_ONCE, "QUOTAS__FREE_PERCENT": 1}
        environment = {f"ODYSSEY_MEDIA__{name}": str(value) for name, value in settings.items()}
        self.data = work / "data"
        self.log = open(work / "log", "w")
        self.process = subprocess.Popen(
            [self.built / "odyssey", "serve", "--bind", "127.0.0.1:0", "--data", self.data, "--limits", "off"],
            stdout=subprocess.PIPE, stderr=self.log, text=True, env={**os.environ, **environment})
        line = self.process.stdout.readline()
        self.url = re.match(r"listening on (\S+)", line)[1]
        self.base = self.url + "/api/v4"
        request = urllib.request.Request(self.base + "/auth/guest-token", method="POST")
        self.token = json.load(urllib.request.urlopen(request))["token"]

    def curl(self, path, *parts, options=(), before=()):
        parts = [argument for part in parts for argument in ("-F", part)]
        answer = command(*before, "curl", "-sf", *options, "-H", f"Authorization: Bearer {self.token}", "-H", "Expect:", *parts,
                         self.base + path)
        return json.loads(answer)

    def upload(self, path, options=(), before=()):
        parts = f"asset=@{path};filename=model.glb", "name=bench"
        return self.curl("/assets-3d/upload", *parts, options=options, before=before)

    def stored(self, digest):
        return self.data / "media/blob" / digest[:2] / digest[2:4] / digest

    def memory(self, field):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"{field}:\s+(\d+) kB", status)[1]) * 1024

    def rest_memory(self):
        """Forgets the peak; the memory in use now."""
        pathlib.Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")
        return self.memory("VmHWM")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


class Nginx:
    def __init__(self, work, root):
        config = work / "nginx.conf"
        config.write_text(f"""
            daemon off; worker_processes auto; pid {work}/nginx.pid; error_log {work}/nginx.err;
            events {{ worker_connections 1024; }}
            http {{
              access_log off; sendfile off; keepalive_requests 1000000; default_type application/octet-stream;
              client_body_temp_path {work}/body; proxy_temp_path {work}/proxy; fastcgi_temp_path {work}/fastcgi;
              uwsgi_temp_path {work}/uwsgi; scgi_temp_path {work}/scgi;
              server {{ listen 127.0.0.1:{NGINX_PORT}; root {root}; }}
            }}
            {"user root;" if os.geteuid() == 0 else ""}
        """)
        self.process = subprocess.Popen(["nginx", "-c", config, "-p", work], stderr=subprocess.DEVNULL)
        self.base = f"http://127.0.0.1:{NGINX_PORT}"
        until = time.monotonic() + 10
        while True:
            try:
                urllib.request.urlopen(self.base + "/")
            except urllib.error.HTTPError:
                return
            except OSError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)

    def stop(self):
        self.process.terminate()
        self.process.wait()


def in_turns(*ways):
    """Medians of what the ways measure, after one run of each that does not count."""
    figures = [[] for _ in ways]
    for run in range(RUNS + 1):
        for way, found in zip(ways, figures):
            figure = way()
            if run:
                found.append(figure)
    return [statistics.median(found) for found in figures]


def rate_of(url, size):
    def measure():
        answer = command("curl", "-sf", "-o", "/dev/null", "-w", "%{size_download} %{time_total}", url).split()
        assert int(answer[0]) == size, answer
        return size / float(answer[1]) / 1e6
    return measure


def requests_of(url):
    """Requests a second, over the time that the number of requests takes at the rate just found."""
    def measure():
        seconds = 2
        for _ in range(2):
            answer = command("wrk", "-t", 1, "-c", CONNECTIONS, "-d", f"{seconds}s", url)
            assert "Non-2xx" not in answer and "Socket errors" not in answer, answer
            rate = float(re.search(r"Requests/sec:\s+([\d.]+)", answer)[1])
            if rate * seconds >= REQUESTS:
                break
            seconds = int(REQUESTS / rate) + 1
        return rate
    return measure


def load(odyssey, files, pictures, stop):
    """Keeps uploads and requests for new variants going until `stop` is set; returns the threads and what they did."""
    done = {"uploads": 0, "variants": 0}
    lock = threading.Lock()

    def count(what):
        with lock:
            done[what] += 1

    def uploads(own):
        for path in own:
            if stop.is_set():
                return
            odyssey.upload(path, options=["--limit-rate", "1M"], before=["nice", "-n", "19"])
            count("uploads")

    # Users' machines are elsewhere: what the clients cost must not cost the ticks.
    def variants():
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 19)
        kinds = [(size, encoding, name) for size in range(6, 0, -1) for encoding in ("avif", "webp", "jpeg")
                 for name in pictures]
        begun = time.monotonic()
        for number, (size, encoding, name) in enumerate(kinds):
            if stop.wait(max(0, begun + number * 0.3 - time.monotonic())):
                return
            url = f"{odyssey.base}/media/render/texture/s{size}/{name}?fmt={encoding}"
            urllib.request.urlopen(url).read()
            count("variants")

    threads = [threading.Thread(target=uploads, args=[own]) for own in files] + [threading.Thread(target=variants)]
    for thread in threads:
        thread.start()
    return threads, done


def ticks(work, with_load, seed):
    """Ticks of 1,000 walking users, as the swarm reports them."""
    odyssey = Odyssey(work)
    report = work / "swarm.json"
    threads, stop, done = [], threading.Event(), {}
    try:
        if with_load:
            pictures = []
            for number in range(12):
                scene(work / "scene.png", number)
                pictures.append(odyssey.curl("/media/upload/image", f"file=@{work}/scene.png")["hash"])
            files = [[work / f"{number}-{turn}.glb" for turn in range(4)] for number in range(AT_ONCE)]
            for own in files:
                for path in own:
                    if not path.exists():
                        model(path, 12_000_000, str(path))
            # Variants that uploads ask for are made.
            time.sleep(5)
            threads, done = load(odyssey, files, pictures, stop)
        nice = ["nice", "-n", "-10"] if os.geteuid() == 0 else []
        options = {"url": odyssey.url, "users": 1000, "protocol": 2, "seconds": 30, "ramp": 200, "seed": seed,
                   "server-pid": odyssey.process.pid, "json": report}
        options = [text for name, value in options.items() for text in (f"--{name}", str(value))]
        subprocess.run([*nice, odyssey.built / "odyssey", "swarm", *options], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
        odyssey.stop()
        subprocess.run(["rm", "-rf", odyssey.data])
    found = json.loads(report.read_text())
    print(f"  {done or 'no load'}: {found['server']['tick']}, near by {found['latency_ms']['p99']} ms", file=sys.stderr)
    return found["server"]["tick"]["p99_ms_estimate"], found["latency_ms"]["p99"]


def main():
    parts = sys.argv[1:] or ["memory", "download", "requests", "upload", "ticks"]
    rows = []

    def row(name, unit, ours, theirs, other, goal):
        rows.append({"what": name, "unit": unit, "odyssey": round(ours, 1), "beside": other,
                     "figure": round(theirs, 1), "share": round(ours / theirs, 3), "goal": goal})
        figures = f"{ours:,.0f} {unit} | {theirs:,.0f} {unit} ({other}) | {ours / theirs:.0%}"
        print(f"| {name} | {figures} | {goal} |", flush=True)

    with tempfile.TemporaryDirectory(prefix="bench-media", dir=os.environ.get("BENCH_WORK")) as folder:
        work = pathlib.Path(folder)
        work.chmod(0o755)
        if "ticks" in parts:
            seeds = range(int(os.environ.get("BENCH_PAIRS", 3)))
            pairs = [(ticks(work, False, seed), ticks(work, True, seed)) for seed in seeds]
            for place, name in enumerate(("tick p99 with uploads and variants", "latency near by p99, the same")):
                plain, loaded = (statistics.median(pair[side][place] for pair in pairs) for side in (0, 1))
                row(name, "µs", loaded * 1000, plain * 1000, "without", "≤ 110 %")
        if parts == ["ticks"]:
            return
        odyssey = Odyssey(work)
        nginx = Nginx(work, odyssey.data / "media")
        try:
            if "memory" in parts:
                # First, so that no earlier request has left memory that is free for this one.
                path = work / "one.glb"
                model(path, BYTES, -1)
                idle = odyssey.rest_memory()
                odyssey.upload(path)
                one = odyssey.memory("VmHWM") - idle
                paths = [work / f"{number}.glb" for number in range(AT_ONCE)]
                for number, each in enumerate(paths):
                    model(each, BYTES // 10, -2 - number)
                idle = odyssey.rest_memory()
                threads = [threading.Thread(target=odyssey.upload, args=[each]) for each in paths]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()
                many = (odyssey.memory("VmHWM") - idle) / AT_ONCE
                mib = 1 << 20
                row("memory of an upload of 500 MB", "KiB", one / 1024, 8 * 1024, "limit", "≤ 8 MiB")
                row(f"memory of each of {AT_ONCE} uploads", "KiB", many / 1024, 8 * 1024, "limit", "≤ 8 MiB")
            if "download" in parts:
                large = work / "large.glb"
                model(large, BYTES, 0)
                size = large.stat().st_size
                asset = odyssey.upload(large)["id"].replace("-", "")
                digest = command("sha256sum", large).split()[0]
                ours = rate_of(f"{odyssey.base}/media/render/asset/{asset}", size)
                theirs = rate_of(f"{nginx.base}/blob/{digest[:2]}/{digest[2:4]}/{digest}", size)
                row("download of 500 MB", "MB/s", *in_turns(ours, theirs), "nginx", "≥ 90 %")
            if "requests" in parts:
                picture = work / "noise.png"
                noise(picture, 258, 258)
                name = odyssey.curl("/media/upload/image", f"file=@{picture}")["hash"]
                beside = f"{nginx.base}/blob/{name[:2]}/{name[2:4]}/{name}"
                ours = requests_of(f"{odyssey.base}/media/render/get/{name}")
                row("GETs of a texture of 200 KB", "/s", *in_turns(ours, requests_of(beside)), "nginx", "≥ 70 %")
            if "upload" in parts:
                files = iter(range(1, 1000))

                def fresh():
                    path = work / "upload.glb"
                    model(path, BYTES, next(files))
                    os.sync()
                    return path

                def ours():
                    path = fresh()
                    begun = time.monotonic()
                    odyssey.upload(path)
                    return BYTES / (time.monotonic() - begun) / 1e6

                def theirs():
                    path = fresh()
                    begun = time.monotonic()
                    command("cp", path, work / "copy.glb")
                    command("sha256sum", work / "copy.glb")
                    return BYTES / (time.monotonic() - begun) / 1e6

                row("upload of 500 MB", "MB/s", *in_turns(ours, theirs), "cp, sha256sum", "≥ 60 %")
        finally:
            nginx.stop()
            odyssey.stop()
    report = {"bytes": BYTES, "runs": RUNS, "connections": CONNECTIONS, "profile": PROFILE, "cpus": os.cpu_count(),
              "rows": rows}
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "media.json").write_text(json.dumps(report, indent=2) + "\n")


main()

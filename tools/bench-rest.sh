#!/bin/sh
# Measures the lists of the REST API on 10,000 worlds and 100,000 objects: builds the release, fills a database, starts the
# server on it and asks for each list with wrk, first with SQLite, then with a throw-away PostgreSQL. Prints a table and
# writes docs/performance/rest-sqlite.json and rest-postgresql.json.
#
# Needs wrk, curl and python3, and for PostgreSQL its programs initdb, pg_ctl and createdb.
#
#   tools/bench-rest.sh [sqlite|postgresql]...    both if nothing is said
#
# BENCH_SECONDS (10) per list, BENCH_CONNECTIONS (16), BENCH_SCALE (1: the sizes above), BENCH_PROFILE (release; dev only
# shows that the script works), BENCH_OUT (docs/performance).
set -eu

cd "$(dirname "$0")/.."
seconds=${BENCH_SECONDS:-10}
connections=${BENCH_CONNECTIONS:-16}
scale=${BENCH_SCALE:-1}
profile=${BENCH_PROFILE:-release}
out=${BENCH_OUT:-docs/performance}
target=${CARGO_TARGET_DIR:-target}
[ "$profile" = dev ] && built=$target/debug || built=$target/$profile

work=$(mktemp -d)
chmod 755 "$work"
server=
writer=
cluster=
cleanup() {
    [ -z "$writer" ] || kill "$writer" 2>/dev/null || true
    [ -z "$server" ] || { kill "$server" 2>/dev/null && wait "$server" 2>/dev/null; } || true
    [ -z "$cluster" ] || as_postgres "$cluster/bin/pg_ctl" -D "$work/cluster" -m immediate stop >/dev/null 2>&1 || true
    rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

# PostgreSQL refuses to run as root.
as_postgres() {
    if [ "$(id -u)" = 0 ]; then
        (cd / && runuser -u postgres -- "$@")
    else
        "$@"
    fi
}

start_postgresql() {
    initdb=$(command -v initdb || ls -1 /usr/lib/postgresql/*/bin/initdb | tail -1)
    programs=$(dirname "$(readlink -f "$initdb")")
    mkdir "$work/cluster" "$work/socket"
    [ "$(id -u)" != 0 ] || chown postgres "$work/cluster" "$work/socket"
    as_postgres "$programs/initdb" -D "$work/cluster" -U postgres -A trust -E UTF8 >/dev/null
    ln -s "$programs" "$work/bin"
    cluster=$work
    as_postgres "$programs/pg_ctl" -D "$work/cluster" -w -l "$work/cluster/log" \
        -o "-k $work/socket -c listen_addresses=''" start >/dev/null
    as_postgres "$programs/createdb" -h "$work/socket" -U postgres odyssey
    url="postgres://postgres@$(printf %s "$work/socket" | sed 's|/|%2F|g'):5432/odyssey"
}

# name, path, how many different ends the path gets; {user}, {world} and {staker} are of the seed.
lists='
worlds-1000|/worlds?limit=1000&sort=DESC|0
worlds-100|/worlds|0
users-1000|/users?limit=1000&sort=DESC|0
users-100|/users|0
user-worlds|/users/{user}/worlds|0
staked-worlds|/users/{staker}/staked-worlds|0
top-stakers|/users/top-stakers|0
search-worlds|/worlds/explore/search?query=Odyssey%23|1000
search-users|/users/search?query=Somebody%20|1000
tree|/objects/{world}/tree|0
newsfeed|/objects/newsfeed?startIndex=0&pageSize=100|0
timeline|/objects/{world}/timeline?startIndex=0&pageSize=100|0
world|/worlds/{world}|0
me|/users/me|0
'

measure() {
    database=$1
    data=$work/data-$database
    mkdir "$data"
    if [ "$database" = sqlite ]; then
        url="sqlite://$data/odyssey.db?mode=rwc"
    else
        start_postgresql
    fi
    echo "filling $database" >&2
    "$built/examples/seed_lists" "$url" "$scale" >"$work/ids"
    . "$work/ids"
    "$built/odyssey" serve --bind 127.0.0.1:0 --data "$data" --database-url "$url" --limits off \
        >"$work/stdout" 2>"$work/log" &
    server=$!
    while ! grep -q '^listening on ' "$work/stdout"; do
        kill -0 "$server" 2>/dev/null || { cat "$work/log" >&2; exit 1; }
        sleep 0.1
    done
    base=$(sed -n 's/^listening on //p' "$work/stdout")/api/v4
    token=$(curl -sf -X POST "$base/auth/guest-token" | python3 -c 'import json, sys; print(json.load(sys.stdin)["token"])')
    : >"$work/results"
    for writes in 0 10; do
        if [ "$writes" != 0 ]; then
            # Each challenge is a commit, after which every list that was kept is outdated.
            while :; do
                curl -sf "$base/auth/challenge?wallet=0x0000000000000000000000000000000000000001" >/dev/null || exit 0
                sleep 0.1
            done &
            writer=$!
        fi
        for list in $(printf %s "$lists"); do
            name=${list%%|*}
            rest=${list#*|}
            terms=${rest##*|}
            path=$(printf %s "${rest%|*}" | sed "s/{user}/$user/; s/{world}/$world/; s/{staker}/$staker/")
            first=$path
            [ "$terms" = 0 ] || first="${path}1"
            status=$(curl -s -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $token" "$base$first")
            if [ "$status" != 200 ]; then
                echo "$name: $status, left out" >&2
                continue
            fi
            result=$(BENCH_PATH="/api/v4$path" BENCH_TERMS=$terms BENCH_TOKEN=$token \
                wrk -t 1 -c "$connections" -d "${seconds}s" --latency -s tools/bench-rest.lua "$base" | sed -n 's/^RESULT //p')
            echo "$name $writes $result" >>"$work/results"
        done
    done
    kill "$writer" && wait "$writer" 2>/dev/null || true
    writer=
    kill "$server" && wait "$server" || true
    server=
    python3 - "$database" "$work/results" "$out/rest-$database.json" "$connections" "$seconds" "$scale" "$profile" <<'PYTHON'
import json, os, sys

database, results, out, connections, seconds, scale, profile = sys.argv[1:]
rows = []
for line in open(results):
    name, writes, figures = line.split(" ", 2)
    rows.append({"list": name, "commits_per_second": int(writes), **json.loads(figures)})
report = {
    "database": database,
    "connections": int(connections),
    "seconds": int(seconds),
    "scale": float(scale),
    "profile": profile,
    "cpus": os.cpu_count(),
    "rows": rows,
}
os.makedirs(os.path.dirname(out) or ".", exist_ok=True)
with open(out, "w") as file:
    json.dump(report, file, indent=2)
    file.write("\n")
print(f"\n{database}, {connections} clients, {profile} build, client on the same {os.cpu_count()} cores\n")
print("| list | commits/s meanwhile | p50 ms | p99 ms | p99.9 ms | requests/s | bytes | failed |")
print("|---|---|---|---|---|---|---|---|")
for row in rows:
    print("| {list} | {commits_per_second} | {p50_ms} | {p99_ms} | {p999_ms} | {per_second} | {bytes_each} | {failed} |".format_map(row))
PYTHON
}

if [ "$profile" = dev ]; then release=; else release="--profile $profile"; fi
# shellcheck disable=SC2086
nice -n 5 cargo build -j 2 $release --bin odyssey
# shellcheck disable=SC2086
nice -n 5 cargo build -j 2 $release -p store --example seed_lists
for database in ${*:-sqlite postgresql}; do
    measure "$database"
done

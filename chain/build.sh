#!/bin/sh
# Compiles the rules of the network and writes what is committed of them into `assets/`: the chain
# specifications with the code in them, and the metadata. With `--check`, says whether that is what
# the sources give; with `--changed`, only if they are others than those that it was made of. Needs
# the target wasm32v1-none of the toolchain.
set -eu
cd "$(dirname "$0")"
sources=$(find Cargo.toml Cargo.lock pallets runtime genesis -type f | LC_ALL=C sort | xargs sha256sum | sha256sum | cut -d' ' -f1)
if [ "${1:-}" = --changed ]; then
    [ "$sources" = "$(cat assets/sources.sha256)" ] && exit
    set -- --check
fi
rustup target list --installed | grep -q wasm32v1-none || rustup target add wasm32v1-none

# Paths of this machine stay out of the code, so that it is the same everywhere.
home=${CARGO_HOME:-$HOME/.cargo}
sysroot=$(rustc --print sysroot)
export RUSTFLAGS="-C link-arg=--export-table -C link-arg=--export=__heap_base --cfg substrate_runtime \
 -C target-cpu=mvp --remap-path-prefix=$home=/cargo --remap-path-prefix=$sysroot=/rust --remap-path-prefix=$PWD=/chain"
cargo build --locked --release -p odyssey-runtime --lib --target wasm32v1-none --no-default-features
unset RUSTFLAGS

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cargo run --locked --release -q -p genesis -- target/wasm32v1-none/release/odyssey_runtime.wasm "$folder"
mkdir -p assets
for file in development.json local.json metadata.scale; do
    case "${1:-}" in
        --check)
            gzip -dc "assets/$file.gz" | cmp - "$folder/$file" || {
                echo "assets/$file.gz is not what the sources give: run chain/build.sh" >&2
                exit 1
            }
            ;;
        *) gzip -9nc "$folder/$file" > "assets/$file.gz" ;;
    esac
done
if [ "${1:-}" = --check ]; then exit; fi
echo "$sources" > assets/sources.sha256

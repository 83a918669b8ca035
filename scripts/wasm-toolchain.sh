#!/usr/bin/env bash
# Install what builds the WASM modules on Debian 12 or newer, as root: Debian's Rust for the web, its standard library for
# wasm32, and binaryen's wasm-opt. Each step is left out where its result is there already. The tools go into
# $XDG_CACHE_HOME/konserve-ts/wasm (~/.cache without it); the last line printed is that folder.
set -euo pipefail
export PATH=/usr/bin:$PATH RUSTC=/usr/bin/rustc DEBIAN_FRONTEND=noninteractive

BINARYEN=132
tools="${XDG_CACHE_HOME:-$HOME/.cache}/konserve-ts/wasm"
mkdir -p "$tools"

if ! { [ -x /usr/bin/rustc ] && [ -x /usr/bin/cargo ] && [ -e "$(/usr/bin/rustc --print sysroot)/lib/rustlib/src/rust/library/std" ] && command -v wasm-ld-22; } >/dev/null 2>&1; then
  echo 'Installing rustc-web' >&2
  apt-get update -qq >&2
  apt-get install -y -qq --no-install-recommends rustc-web cargo-web rust-web-src rust-web-llvm lld-22 >&2
fi

# std is not packaged for wasm32: build it, once for each compiler.
sysroot="$(rustc --print sysroot)"
library="$sysroot/lib/rustlib/wasm32-unknown-unknown/lib"
version="$(rustc -vV | sha256sum | cut -c1-16)"
kept="$tools/std-$version"
if [ ! -e "$kept/complete" ]; then
  echo 'Building the standard library for wasm32' >&2
  seed="$(mktemp -d)"
  trap 'rm -rf "$seed"' EXIT
  mkdir "$seed/src"
  echo 'pub fn seed() {}' >"$seed/src/lib.rs"
  printf '[package]\nname = "stdseed"\nversion = "0.0.0"\nedition = "2021"\n[profile.release]\nopt-level = 3\npanic = "abort"\n' >"$seed/Cargo.toml"
  (
    cd "$seed"
    export RUSTC_BOOTSTRAP=1
    export RUSTFLAGS="-Cembed-bitcode=yes -Ctarget-feature=+simd128,+bulk-memory --remap-path-prefix=/usr/lib/rustlib/src/rust=/rustc --remap-path-prefix=$sysroot/lib/rustlib/src/rust=/rustc --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo"
    /usr/bin/cargo build --release --target wasm32-unknown-unknown -Zbuild-std=std,panic_abort >&2
  )
  rm -rf "$kept"
  mkdir -p "$kept"
  find "$seed/target/wasm32-unknown-unknown/release/deps" -name '*.rlib' ! -name '*stdseed*' ! -name '*proc_macro*' -exec cp {} "$kept/" \;
  touch "$kept/complete"
fi
if [ "$(cat "$library/.konserve" 2>/dev/null)" != "$version" ]; then
  mkdir -p "$library"
  rm -f "$library"/*.rlib
  cp "$kept"/*.rlib "$library/"
  echo "$version" >"$library/.konserve"
fi

if ! "$tools/node_modules/.bin/wasm-opt" --version 2>/dev/null | grep -qF "version $BINARYEN"; then
  echo "Installing binaryen $BINARYEN" >&2
  npm install --prefix "$tools" --no-audit --no-fund --no-save "binaryen@$BINARYEN.0.0" >&2
fi
echo "$tools"

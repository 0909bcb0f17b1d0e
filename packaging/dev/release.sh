#!/bin/bash
# Builds the static programs: release.sh x86_64 aarch64. They land in dist/ and are checked there.
#
# x86_64: glibc, linked statically (docs/adr/0002). aarch64: musl with zig as the C compiler.
set -euo pipefail
cd "$(dirname "$0")/../.."
mkdir -p dist
export CARGO_TERM_COLOR=never
zig_version=0.17.1
# What is written in C throws nothing, so that nobody walks back through it: it needs no tables for that.
export CFLAGS='-fno-asynchronous-unwind-tables -fno-unwind-tables'
# One copy of functions that came out the same, and relocations in their short form (a megabyte of the long one).
small='-C link-arg=-Wl,-O2 -C link-arg=-Wl,--icf=all -C link-arg=-Wl,--pack-dyn-relocs=relr'

zig_wrapper() { # makes a compiler command for one architecture, prints its path
  local arch=$1 dir=target/zig
  mkdir -p $dir
  if [ ! -x $dir/venv/bin/python ]; then
    python3 -m venv $dir/venv
    $dir/venv/bin/pip install --quiet "ziglang==$zig_version"
  fi
  cat > "$dir/cc-$arch" <<W
#!/bin/bash
args=()
for a in "\$@"; do case "\$a" in --target=*) ;; *) args+=("\$a") ;; esac; done
exec "$PWD/$dir/venv/bin/python" -m ziglang cc -target $arch-linux-musl "\${args[@]}"
W
  cat > "$dir/ar-$arch" <<W
#!/bin/bash
exec "$PWD/$dir/venv/bin/python" -m ziglang ar "\$@"
W
  chmod +x "$dir/cc-$arch" "$dir/ar-$arch"
  echo "$PWD/$dir"
}

build_x86_64() {
  RUSTFLAGS="-C target-feature=+crt-static --cfg getrandom_backend=\"custom\" $small" \
    cargo build --locked --release --target x86_64-unknown-linux-gnu
  install -m 755 target/x86_64-unknown-linux-gnu/release/hauspost dist/hauspost-x86_64
}

build_aarch64() {
  local target=aarch64-unknown-linux-musl zig
  rustup target list --installed | grep -qx $target || rustup target add $target
  zig=$(zig_wrapper aarch64)
  CC_aarch64_unknown_linux_musl=$zig/cc-aarch64 AR_aarch64_unknown_linux_musl=$zig/ar-aarch64 \
    CARGO_TARGET_AARCH64_UNKNOWN_LINUX_MUSL_LINKER=rust-lld \
    RUSTFLAGS="-C target-feature=+crt-static -C link-self-contained=yes --cfg getrandom_backend=\"custom\" -C link-arg=--icf=all" \
    cargo build --locked --release --target $target
  install -m 755 target/$target/release/hauspost dist/hauspost-aarch64
}

check() { # static, small, for the right machine
  local file=$1 machine=$2 size
  if readelf -d "$file" 2>/dev/null | grep -q '(NEEDED)'; then echo "$file needs shared libraries"; exit 1; fi
  if readelf -l "$file" | grep -q INTERP; then echo "$file needs a loader"; exit 1; fi
  readelf -h "$file" | grep -q "Machine:.*$machine" || { echo "$file is not for $machine"; exit 1; }
  size=$(stat -c %s "$file")
  [ "$size" -lt $((25 * 1000 * 1000)) ] || { echo "$file has $size bytes, more than 25 MB"; exit 1; }
  echo "$file: static, $machine, $((size / 1024)) kB"
}

smoke() { # starts it in an empty folder that it cannot look out of, and asks for its health
  local file=$1 run=$2 d port pid
  [ "$(id -u)" = 0 ] || { echo "$file: not started in an empty chroot (needs root)"; return; }
  d=$(mktemp -d)
  install -m 755 "$file" "$d/hauspost"
  if [ -n "$run" ]; then install -m 755 "$(command -v "$run")" "$d/run"; run=/run; fi
  port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  chroot "$d" $run /hauspost --version
  chroot "$d" $run /hauspost serve --data /data --listen "127.0.0.1:$port" > "$d/out" 2>&1 &
  pid=$!
  for _ in $(seq 200); do grep -q "is ready" "$d/out" && break; sleep 0.1; done
  curl -sfk "https://127.0.0.1:$port/healthz" | grep -qx ok || { cat "$d/out"; kill $pid; exit 1; }
  curl -sfk "https://127.0.0.1:$port/" | grep -q '<html' || { echo "the page is not in it"; kill $pid; exit 1; }
  kill $pid; wait $pid || true
  rm -rf "$d"
  echo "$file: runs in an empty chroot, with the page"
}

for arch in "$@"; do
  "build_$arch"
  case $arch in 
    x86_64) check dist/hauspost-x86_64 X86-64; smoke dist/hauspost-x86_64 "" ;;
    aarch64)
      check dist/hauspost-aarch64 AArch64
      if command -v qemu-aarch64-static >/dev/null; then smoke dist/hauspost-aarch64 qemu-aarch64-static
      else echo "dist/hauspost-aarch64: not started (apt-get install qemu-user-static)"; fi ;;
  esac
done

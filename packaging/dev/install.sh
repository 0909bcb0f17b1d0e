#!/bin/sh
# Installs what is missing on Debian or Ubuntu: install.sh run | test | packages | check
# Says what it installs and does nothing when all is there.
set -eu
need=""
want() { command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ] || need="$need $2"; }
want cc gcc
want make make
if [ "${1:-run}" = test ]; then
  want doveadm "dovecot-imapd dovecot-pop3d"
  want postconf postfix
  want mbsync isync
  want chromium chromium
  want openssl openssl
  want curl curl
  want strace strace
  want nsd nsd
  want knotd knot
  want kdig knot-dnsutils
  want pebble pebble
  want slapd slapd
  want apache2 apache2
  want ldapmodify ldap-utils
  # Calendars and contacts as GNOME's programs use them, without a screen.
  want /usr/libexec/evolution-source-registry "evolution-data-server gir1.2-ecal-2.0 gir1.2-ebook-1.2 gir1.2-ebookcontacts-1.2 gir1.2-edataserver-1.2 python3-gi"
  want dbus-run-session dbus-daemon
  # Released client libraries live in an environment of their own.
  python3 -c 'import ensurepip, venv' 2>/dev/null || need="$need python3-venv"
fi
if [ "${1:-run}" = packages ]; then
  want dpkg-deb dpkg
  want busybox busybox
  want shellcheck shellcheck
  want skopeo skopeo
  want systemd-analyze systemd
  want unshare util-linux
  want nsenter util-linux
  want openssl openssl
fi
if [ -n "$need" ]; then
  echo "installing:$need"
  sudo=""; [ "$(id -u)" = 0 ] || sudo=sudo
  export DEBIAN_FRONTEND=noninteractive
  $sudo apt-get update -qq
  # shellcheck disable=SC2086
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $need >/dev/null
fi
# Programs and servers that speak CalDAV and WebDAV, as counterparts of the tests; pinned, so that a test means the same tomorrow.
clients="$(dirname "$0")/../../run/dav-clients"
if [ "${1:-run}" = test ] && ! "$clients/bin/python" -c "import wsgidav, botocore" 2>/dev/null; then
  echo "installing: caldav, vdirsyncer, radicale, wsgidav and botocore into run/dav-clients"
  python3 -m venv "$clients"
  "$clients/bin/pip" install --quiet --disable-pip-version-check caldav==3.6.0 vdirsyncer==0.21.0 radicale==3.9.0 \
    wsgidav==4.3.4 cheroot==10.0.1 botocore==1.43.0
fi
# Storage that speaks S3, as another.
store="$(dirname "$0")/../../tests/s3"
if [ "${1:-run}" = test ] && [ ! -d "$store/node_modules" ]; then
  echo "installing: s3rver into tests/s3"
  npm ci --prefix "$store" --no-audit --no-fund --ignore-scripts --silent
fi
# Cloudron's own checker of manifests. It asks for a version of a library that is not there; the next one does.
checker="$(dirname "$0")/../../run/cloudron-manifest"
if [ "${1:-run}" = packages ] && [ ! -d "$checker/node_modules/cloudron-manifestformat" ]; then
  echo "installing: cloudron-manifestformat into run/cloudron-manifest"
  mkdir -p "$checker"
  printf '{"private":true,"dependencies":{"cloudron-manifestformat":"5.27.0"},"overrides":{"safetydance":"2.5.1"}}\n' > "$checker/package.json"
  (cd "$checker" && npm install --no-audit --no-fund --silent)
fi
# The library tsdav, as one more program that speaks CalDAV.
library="$(dirname "$0")/../../tests/dav"
if [ "${1:-run}" = test ] && [ ! -d "$library/node_modules" ]; then
  echo "installing: tsdav into tests/dav"
  npm ci --prefix "$library" --no-audit --no-fund --ignore-scripts --silent
fi
# Another reader of Outlook's data files, with files that Outlook has made.
outlook="$(dirname "$0")/../../tests/pst"
if [ "${1:-run}" = test ] && [ ! -d "$outlook/node_modules" ]; then
  echo "installing: pst-extractor into tests/pst"
  npm ci --prefix "$outlook" --no-audit --no-fund --ignore-scripts --silent
fi
command -v cargo >/dev/null 2>&1 || { echo "Rust is missing: install it from https://rustup.rs"; exit 1; }
command -v npm >/dev/null 2>&1 || { echo "Node.js 20 or newer is missing: install it from https://nodejs.org"; exit 1; }
if [ "${1:-run}" = check ] && ! command -v cargo-deny >/dev/null 2>&1; then
  echo "installing: cargo-deny (some minutes)"
  # Not without an end: what it looks up is worth some minutes, not a day.
  timeout 1800 cargo install --locked --quiet cargo-deny || echo "cargo-deny cannot be had just now"
fi

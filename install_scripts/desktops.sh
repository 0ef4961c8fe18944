#!/usr/bin/env bash
# Runs the tests of newer desktops in a Debian 13 of their own: GNOME 48, Plasma 6.3, sway 1.10,
# labwc, PipeWire, Firefox ESR and Chromium as Wayland clients, without a screen.
#
#   install_scripts/desktops.sh [PYTEST ARGUMENTS]
#   install_scripts/desktops.sh --bench NAME [ARGUMENTS]
#
#   PYTEST ARGUMENTS   pytest's options, and tests to run instead of all in tests/desktop/debian13
#   --bench            run tests/bench/NAME.py there: desktops, wayland
#
# The first run builds the system (1100 packages, 4 GB) in .venv/debian13, or in
# $TRAY_DICTATE_TEST_ROOT, from the mirror of Debian that this machine's apt uses, or
# $TRAY_DICTATE_TEST_MIRROR. The checkout is bound into it, read-only. What is mounted and started
# is so in namespaces of their own, and ends with them.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

user=1000 # an ordinary one: GNOME and PipeWire are not for root
packages=(
  ca-certificates locales-all procps util-linux python3 python3-venv python3-dev gcc libc6-dev
  libportaudio2 libpulse0 strace wayland-utils
  # desktops and their portals
  sway labwc xwayland foot waybar mako-notifier grim
  gnome-shell gnome-session gnome-settings-daemon gnome-control-center gnome-console mutter
  kwin-wayland plasma-desktop plasma-workspace kglobalacceld konsole
  xdg-desktop-portal xdg-desktop-portal-gnome xdg-desktop-portal-gtk xdg-desktop-portal-kde
  xdg-desktop-portal-wlr gnome-keyring polkitd upower
  # buses, sound, input methods, clipboards
  dbus dbus-bin dbus-user-session systemd python3-dbusmock libglib2.0-bin libnotify-bin
  pipewire pipewire-bin pipewire-alsa pipewire-pulse wireplumber pulseaudio-utils
  libasound2-plugins libspa-0.2-modules
  ibus ibus-gtk4 ibus-libpinyin wl-clipboard xclip wtype
  # windows to dictate into
  python3-gi gir1.2-gtk-3.0 gir1.2-gtk-4.0 python3-pyqt6 qt6-wayland firefox-esr chromium
  libgl1-mesa-dri at-spi2-core fonts-dejavu-core fonts-noto-cjk fonts-noto-color-emoji
)

say() { printf '%s\n' "$*"; }
die() { printf 'desktops.sh: %s\n' "$*" >&2; exit 1; }

# The mirror of Debian that this machine's own packages come from.
find_mirror() {
  if [ -n "${TRAY_DICTATE_TEST_MIRROR:-}" ]; then say "$TRAY_DICTATE_TEST_MIRROR"; return; fi
  apt-get indextargets --format "\$(SITE)" 'Created-By: Packages' 'Origin: Debian' \
    'Component: main' 2>/dev/null | grep -v security | head -n 1
}

build_root() {
  local stamp mirror
  stamp=$(sed -n '/^packages=/,/^)/p' install_scripts/desktops.sh | sha256sum)
  [ "$(cat "$root/.tests" 2>/dev/null || true)" != "$stamp" ] || return 0
  mirror=$(find_mirror)
  [ -n "$mirror" ] || die "apt knows no mirror of Debian here: set TRAY_DICTATE_TEST_MIRROR."
  command -v mmdebstrap >/dev/null || die "mmdebstrap is missing: install it."
  say "Building Debian 13 in $root"
  as_root rm -rf --one-file-system -- "$root" "$root.new"
  mkdir -p -- "$(dirname -- "$root")"
  # its mounts are its own, and so gone when it is, also when it is killed
  as_root unshare --mount mmdebstrap --mode=root --variant=minbase --skip=check/empty \
    --aptopt='APT::Install-Recommends "false"' --dpkgopt=path-exclude='/usr/share/doc/*' \
    --include="$(IFS=,; say "${packages[*]}")" \
    --customize-hook="chroot \"\$1\" useradd --create-home --uid $user --shell /bin/bash dev" \
    --customize-hook="rm -f \"\$1/etc/machine-id\"" \
    --customize-hook="chroot \"\$1\" dbus-uuidgen --ensure=/etc/machine-id" \
    trixie "$root.new" "deb [signed-by=$keyring] $mirror trixie main" \
    &>"$root.log" || { tail -n 30 "$root.log" >&2; die "the system could not be built: $root.log"; }
  as_root mkdir -p "$root.new/src"
  say "$stamp" | as_root tee "$root.new/.tests" >/dev/null
  as_root mv -- "$root.new" "$root"
}

install_environment() {
  local stamp pip certificates=/etc/ssl/certs/ca-certificates.crt
  stamp=$(sha256sum <pyproject.toml)
  [ "$(cat "$root/opt/venv/.tests" 2>/dev/null || true)" != "$stamp" ] || return 0
  say "Installing the test environment in $root/opt/venv"
  # pip is to find the index as it does here
  [ ! -f $certificates ] || as_root cp -- $certificates "$root$certificates"
  [ ! -f /etc/pip.conf ] || as_root cp -- /etc/pip.conf "$root/etc/pip.conf"
  pip="/opt/venv/bin/python -I -m pip install --quiet --disable-pip-version-check"
  enter 0 "python3 -m venv /opt/venv && $pip --upgrade 'pip>=25.1' &&
    $pip --editable /src --group /src/pyproject.toml:test" ||
    die "pip could not install the test environment; the lines above say why."
  say "$stamp" | as_root tee "$root/opt/venv/.tests" >/dev/null
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -- "$@"; fi
}

# enter USER COMMAND: runs a line of shell in the system, with mounts and processes of its own that
# end with it: the kernel ends them when the first process is gone.
enter() {
  as_root unshare --mount --pid --fork --kill-child=KILL -- \
    bash install_scripts/desktops.sh --inside "$root" "$@"
}

# What `enter` runs, as the first process of its namespaces; bash reaps what others leave behind.
inside() {
  local root=$1 user=$2 command=$3 node code=0
  mount --types proc proc "$root/proc"
  mount --rbind --make-rprivate /sys "$root/sys"
  mount --types tmpfs --options mode=755 tmpfs "$root/dev"
  mkdir "$root/dev/pts" "$root/dev/shm"
  for node in null zero full random urandom tty; do
    touch "$root/dev/$node"
    mount --bind "/dev/$node" "$root/dev/$node"
  done
  mount --types devpts --options newinstance,ptmxmode=0666 devpts "$root/dev/pts"
  ln -s pts/ptmx "$root/dev/ptmx"
  ln -s /proc/self/fd "$root/dev/fd"
  mount --types tmpfs --options mode=1777 tmpfs "$root/dev/shm"
  mount --types tmpfs --options mode=1777 tmpfs "$root/tmp"
  mount --types tmpfs --options mode=755 tmpfs "$root/run"
  mkdir -p "$root/run/lock"
  mount --bind . "$root/src"
  mount --options remount,bind,ro "$root/src"
  cp /etc/resolv.conf /etc/hosts "$root/etc/"
  chroot "$root" setpriv --reuid "$user" --regid "$user" --clear-groups \
    env --ignore-environment HOME="$([ "$user" = 0 ] && say /root || say /home/dev)" \
    USER="$([ "$user" = 0 ] && say root || say dev)" LANG=C.UTF-8 \
    PATH=/opt/venv/bin:/usr/local/bin:/usr/bin:/bin \
    bash -c "cd /src && $command" || code=$?
  exit "$code"
}

main() {
  local arguments argument named=''
  root=${TRAY_DICTATE_TEST_ROOT:-${TRAY_DICTATE_TEST_VENV:-.venv}/debian13}
  mkdir -p -- "$(dirname -- "$root")"
  root=$(cd -- "$(dirname -- "$root")" && pwd)/$(basename -- "$root")
  keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  build_root
  install_environment
  if [ "${1:-}" = --bench ]; then
    [ $# -ge 2 ] || die "which one of tests/bench?"
    arguments=$(printf '%q ' "${@:3}")
    enter "$user" "python -m tests.bench.$2 $arguments"
    return
  fi
  for argument in "$@"; do
    if [ -e "${argument%%::*}" ]; then named=1; fi
  done
  [ -n "$named" ] || set -- tests/desktop/debian13 "$@"
  arguments=$(printf '%q ' "$@")
  # by INT first, so that fixtures end what they started
  enter "$user" "timeout --foreground --signal=INT --kill-after=60 2700 \
    python -m pytest --desktops -p no:cacheprovider $arguments"
}

case ${1:-} in
  --inside) shift; inside "$@" ;;
  --help | -h) sed -n '2,14s/^# \{0,1\}//p' install_scripts/desktops.sh ;;
  *) main "$@" ;;
esac

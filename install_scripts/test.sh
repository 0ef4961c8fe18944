#!/usr/bin/env bash
# Installs what the tests need, and runs them all: format, lint, types, tests, coverage.
#
#   install_scripts/test.sh [--yes] [--quick | [--] PYTEST ARGUMENTS]
#   install_scripts/test.sh [--yes] --desktops [PYTEST ARGUMENTS]
#
#   --yes              do not ask before installing system packages (root is never asked)
#   --quick            without coverage and the tests that need a desktop or a server that is not
#                      ours, and with a fifth of the examples that Hypothesis tries
#                      (tests/examples.py); installs no system packages
#   PYTEST ARGUMENTS   run only pytest, with these; before a first one that is an option, write --
#   --desktops         the newer desktops instead, in a Debian 13: install_scripts/desktops.sh
#
# The virtual environment is .venv in the checkout, or $TRAY_DICTATE_TEST_VENV. In its folder peer is
# a second one (1 GB) for the realtime server that is not ours: tests/servers/peers/peer-requirements.txt,
# and in litellm a third (0.8 GB) for the gateway: tests/servers/peers/gateway-requirements.txt. Its
# folder weights has those of speech models (0.3 GB) that packages carry: tests/rigs/weights.py. Its
# folder uv has what uv fetched (0.4 GB) for tests/packaging/test_packaging.py, and pipewire-alsa the
# files of the package of that name.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

python=/usr/bin/python3 # the one that Debian's Tk, GTK and Qt are for
venv=${TRAY_DICTATE_TEST_VENV:-.venv}
packages=(
  # what install.sh installs
  python3 python3-venv python3-dev gcc libportaudio2 libpulse0 libasound2-plugins xclip wl-clipboard
  # a desktop, sound and a hardware keyboard without hardware
  xvfb xserver-xephyr xfwm4 xfce4-panel trayer xfce4-session dunst dbus dbus-bin pulseaudio
  pulseaudio-utils systemd pipewire pipewire-pulse pipewire-bin wireplumber libspa-0.2-modules
  x11-utils x11-xserver-utils x11-xkb-utils xdotool libnotify-bin gnome-keyring
  xfonts-base fonts-dejavu-core fonts-noto-cjk fonts-noto-color-emoji
  # windows to dictate into
  xterm python3-tk python3-gi gir1.2-gtk-3.0 gir1.2-gtk-4.0 python3-pyqt6 chromium at-spi2-core
  # Wayland sessions without a screen: sway, KDE's and GNOME's, their portals, bars and clipboards
  sway xwayland foot wtype waybar grim mako-notifier qt6-wayland util-linux
  kwin-wayland kwin-common qtwayland5 gnome-shell mutter gnome-settings-daemon libglib2.0-bin ibus
  xdg-desktop-portal xdg-desktop-portal-kde xdg-desktop-portal-gnome xdg-desktop-portal-wlr
  python3-dbusmock
  # programs in which a paste is something else
  libreoffice-calc libreoffice-writer libreoffice-gtk3 gnumeric vim-gtk3 emacs-gtk
  tigervnc-viewer tigervnc-standalone-server ibus-m17n ibus-gtk3
  # what tests look with
  strace shellcheck git ca-certificates zsh fish
)

say() { printf '%s\n' "$*"; }
die() { printf 'test.sh: %s\n' "$*" >&2; exit 1; }

install_packages() {
  local missing sudo=() answer package apt
  mapfile -t missing < <(for package in "${packages[@]}"; do
    dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed ||
      say "$package"
  done)
  [ ${#missing[@]} -gt 0 ] || return 0
  command -v apt-get >/dev/null || die "apt-get is missing: the tests run on Debian or Ubuntu."
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || die "sudo is missing: as root, install ${missing[*]}."
    sudo=(sudo)
    if [ -z "$yes" ]; then
      { : </dev/tty; } 2>/dev/null || die "nobody to ask: --yes installs ${missing[*]}."
      printf 'The tests need: %s\nInstall them? [Y/n] ' "${missing[*]}" >/dev/tty
      read -r answer </dev/tty || answer=n
      case $answer in '' | [yY]*) ;; *) die "nothing was installed." ;; esac
    fi
  fi
  say "Installing system packages: ${missing[*]}"
  apt=("${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -qq)
  "${apt[@]}" update >/dev/null || die "apt-get update failed; is there a network?"
  "${apt[@]}" install --yes --no-install-recommends "${missing[@]}" >/dev/null ||
    die "apt-get could not install ${missing[*]}; the lines above say why."
}

# PipeWire's plugin for ALSA, for tests/rigs/pipewire.py: its package excludes pulseaudio, which the
# other tests need, so only its files are fetched.
unpack_pipewire_alsa() {
  local folder=$venv/pipewire-alsa update=(apt-get -qq update)
  local download=(apt-get -qq -o APT::Sandbox::User=root download pipewire-alsa)
  [ ! -d "$folder" ] || return 0
  say "Fetching the files of pipewire-alsa"
  [ "$(id -u)" -eq 0 ] || update=(sudo "${update[@]}")
  rm -rf -- "$folder.new"
  mkdir -p -- "$folder.new"
  (
    cd -- "$folder.new" &&
      { "${download[@]}" 2>/dev/null || { "${update[@]}" >/dev/null && "${download[@]}"; }; } &&
      dpkg -x pipewire-alsa_*.deb . && rm -- pipewire-alsa_*.deb
  ) || die "pipewire-alsa cannot be fetched; the lines above say why."
  mv -T -- "$folder.new" "$folder"
}

install_environment() {
  local stamp
  stamp=$(cat pyproject.toml install_scripts/test.sh | sha256sum)
  # a stamp of the present requirements: a run that changes nothing need not ask pip
  if [ "$(cat "$venv/.tests" 2>/dev/null || true)" = "$stamp $PWD" ] &&
    "$venv/bin/python" -P -c 'import pytest, tray_dictate' 2>/dev/null; then
    return 0
  fi
  say "Installing the test environment in $venv"
  [ -x "$venv/bin/python" ] || "$python" -I -m venv "$venv" || die "no virtual environment: $venv"
  local pip=("$venv/bin/python" -I -m pip install --quiet --disable-pip-version-check)
  "${pip[@]}" --upgrade 'pip>=25.1' || die "pip could not be upgraded."
  # pyright's own way to Node.js is a download that a closed network refuses; this is PyPI's
  "${pip[@]}" --editable . --group test --group lint 'pyright[nodejs]' ||
    die "pip could not install the test environment; the lines above say why."
  say "$stamp $PWD" >"$venv/.tests"
}

# The third-party realtime server: its packages and ours must not bend each other's versions.
# Installs a server that is not ours into an environment of its own: install_peer NAME REQUIREMENTS.
install_peer() {
  local peer=$venv/$1 requirements=$2
  if cmp -s "$requirements" "$peer/.tests" && "$peer/bin/python" -I -c '' 2>/dev/null; then
    return 0
  fi
  say "Installing a server for the tests in $peer"
  [ -x "$peer/bin/python" ] || "$python" -I -m venv --without-pip "$peer" ||
    die "no virtual environment: $peer"
  "$venv/bin/python" -I -m pip --python "$peer/bin/python" --quiet --disable-pip-version-check \
    install --requirement "$requirements" ||
    die "pip could not install the server of $requirements; the lines above say why."
  cp -- "$requirements" "$peer/.tests"
}

summary=() failed='' unsteady='' static=''

# Python keeps what it compiles: without it each worker rewrites the asserts of all tests anew, 6 s
unset PYTHONDONTWRITEBYTECODE

# Runs a step and notes how it went; the others run all the same.
check() {
  local name=$1 began=$SECONDS outcome=ok
  shift
  printf '\n== %s\n' "$name"
  "$@" || { outcome=FAILED failed=1; }
  summary+=("$(printf '%-10s %-7s %4d s' "$name" "$outcome" $((SECONDS - began)))")
}

# What runs nothing of ours goes beside the tests, which come first: a third of the time of two
# cores is free while they wait. What it prints comes after theirs.
start_static_checks() {
  : >"$venv/static.txt"
  set -m # a process group of its own, to be ended with its children
  static_checks >"$venv/static.log" 2>&1 &
  set +m
  static=$!
  trap 'kill -- "-$static" 2>/dev/null || true' EXIT
}

static_checks() {
  renice -n 15 "$BASHPID" >/dev/null || true
  check format "$bin/ruff" format --check --quiet .
  check lint "$bin/ruff" check --quiet .
  check types "$bin/pyright" --pythonpath "$bin/python"
  check layers "$bin/lint-imports" --no-cache # .importlinter
  printf '%s\n' "${summary[@]}" >"$venv/static.txt"
  [ -z "$failed" ]
}

end_static_checks() {
  wait "$static" || failed=1
  trap - EXIT
  cat "$venv/static.log"
  mapfile -t -O "${#summary[@]}" summary <"$venv/static.txt"
}

# run_pytest WORKERS [PYTEST ARGUMENTS]. Many tests wait for speech, so more run at once than there
# are cores, in the order of tests/conftest.py. A test that hangs fails by its own timeout; the limit
# here is for what that cannot end. INT, so that fixtures end what they started.
run_pytest() {
  local workers=$1
  shift
  timeout --foreground --signal=INT --kill-after=60 2700 "$bin/python" -m pytest \
    --numprocesses "$workers" --dist loadfile --no-loadscope-reorder --durations=20 "$@" |
    tee "$venv/tests.log"
}

run_tests() {
  local code=0
  run_pytest 4 --cov --cov-report= || code=$?
  [ "$code" = 1 ] || return "$code" # 1: it ran to its end, and tests have failed
  run_again
}

run_quick_tests() {
  run_pytest 5 --hypothesis-profile=few --ignore=tests/desktop \
    -m 'not desktop and not wayland and not peer and not weights'
}

# The few of a desktop that failed beside others run once more, alone: one that was too slow on a
# busy machine passes, a fault fails again. Any other test has nothing to be late for. The summary
# and $venv/unsteady.txt name and count those that passed: look into them.
run_again() {
  local failed_once
  failed_once=$(sed -nE 's/^(FAILED|ERROR) (.*)/\2/p' "$venv/tests.log" |
    sed 's/ - .*//' | sort -u)
  [ "$(wc -l <<<"$failed_once")" -le 5 ] || return 1
  ! grep -qvE '^tests/desktop/' <<<"$failed_once" || return 1
  printf '\n== once more, alone\n'
  timeout --foreground --signal=INT --kill-after=60 300 "$bin/python" -m pytest \
    --last-failed --last-failed-no-failures none --cov --cov-append --cov-report= || return 1
  unsteady=$failed_once
  count_unsteady
}

# How often each test has failed beside others and passed alone, the most often first.
count_unsteady() {
  local counted=$venv/unsteady.txt test
  touch "$counted"
  { cat "$counted"; while read -r test; do printf '1 %s\n' "$test"; done <<<"$unsteady"; } |
    awk '{ count = $1; sub(/^[0-9]+ /, ""); times[$0] += count }
      END { for (test in times) print times[test], test }' | sort -rn >"$counted.new"
  mv -- "$counted.new" "$counted"
}

read_options() {
  yes='' quick='' desktops=''
  while [ $# -gt 0 ]; do
    case $1 in
      --yes | -y) yes=1 ;;
      --quick) quick=1 ;;
      --desktops) desktops=1; shift; break ;;
      --help | -h) sed -n '2,19s/^# \{0,1\}//p' install_scripts/test.sh; exit 0 ;;
      --) shift; break ;;
      -*) die "unknown option $1; --help lists them, and pytest's come after --" ;;
      *) break ;;
    esac
    shift
  done
  arguments=("$@")
  [ -z "$quick" ] || [ $# -eq 0 ] || die "--quick chooses the tests itself: leave out $*"
}

main() {
  read_options "$@"
  if [ -n "$desktops" ]; then
    packages=(mmdebstrap debian-archive-keyring util-linux)
    install_packages
    exec install_scripts/desktops.sh "${arguments[@]}"
  fi
  [ -n "$quick" ] || install_packages
  install_environment
  bin=$(cd -- "$venv/bin" && pwd)
  if [ -z "$quick" ]; then
    unpack_pipewire_alsa
    install_peer peer tests/servers/peers/peer-requirements.txt
    install_peer litellm tests/servers/peers/gateway-requirements.txt
    PYTHONPATH=. "$bin/python" -P -m tests.rigs.weights || die "there are no weights; the lines above say why."
  fi
  if [ ${#arguments[@]} -gt 0 ]; then exec "$bin/python" -m pytest "${arguments[@]}"; fi
  start_static_checks
  if [ -n "$quick" ]; then
    check tests run_quick_tests
    end_static_checks
  else
    check tests run_tests
    end_static_checks
    # pure code: every branch must be tested
    check core "$bin/coverage" report --include='tray_dictate/core/*' --fail-under=100
    check protocol "$bin/coverage" report --fail-under=100 \
      --include='tray_dictate/engine/realtime/protocol/*'
  fi
  printf '\n'
  printf '%s\n' "${summary[@]}"
  tail -n 1 "$venv/tests.log" # how many passed
  if [ -n "$unsteady" ]; then printf 'Failed beside others and passed alone:\n%s\n' "$unsteady"; fi
  [ -z "$failed" ] || die "something failed; see above."
  say "All is well."
}

main "$@"

#!/usr/bin/env bash
# Installs tray-dictate for you alone, and starts it. Run it again to upgrade.
#
#   install_scripts/install.sh [--yes] [--no-start] [--from FOLDER]
#
#   --yes          do not ask before installing system packages
#   --no-start     install only
#   --from FOLDER  the checkout to install; not needed inside one
#
# Everything but the system packages goes into your home; uninstall.sh takes it away again.
set -euo pipefail

python=/usr/bin/python3 # the one that the system packages are for

say() { printf '%s\n' "$*"; }
die() { printf 'install.sh: %s\n' "$*" >&2; exit 1; }

usage() {
  say "usage: install.sh [--yes] [--no-start] [--from FOLDER]"
  say "Installs tray-dictate from a checkout for you alone, and starts it; again to upgrade."
}

read_options() {
  yes='' start=1 from=''
  while [ $# -gt 0 ]; do
    case $1 in
      --yes | -y) yes=1 ;;
      --no-start) start='' ;;
      --from) [ $# -gt 1 ] || die "--from needs a folder."; from=$2; shift ;;
      --help | -h) usage; exit 0 ;;
      *) die "unknown option $1; --help lists them." ;;
    esac
    shift
  done
  [ -n "${HOME:-}" ] || die "HOME is not set, so there is nowhere to install to."
  data=${XDG_DATA_HOME:-$HOME/.local/share}/tray_dictate
  venv=$data/venv
  bin=$HOME/.local/bin
}

# The checkout: as told, or around this script, or (piped into bash) around the present folder.
find_source() {
  local script=${BASH_SOURCE[0]:-} folder
  if [ -n "$from" ]; then folder=$from
  elif [ -f "$script" ]; then folder=$(dirname -- "$script")/..
  else folder=$PWD; fi
  source=$(cd -- "$folder" 2>/dev/null && pwd) || die "$folder is not a folder."
  grep -qs '^name = "tray-dictate"' "$source/pyproject.toml" ||
    die "$source is not a checkout of tray_dictate; name one with --from FOLDER."
}

check_system() {
  [ "$(uname -s)" = Linux ] || die "$(uname -s) is not supported yet; this script knows Linux."
  local id='' like='' name=''
  if [ -r /etc/os-release ]; then
    # shellcheck source=/dev/null
    IFS='|' read -r id like name < <(. /etc/os-release; echo "${ID:-}|${ID_LIKE:-}|${PRETTY_NAME:-}")
  fi
  case "$id $like" in
    *debian* | *ubuntu*) ;;
    *) die "${name:-This system} is not supported yet; this script knows Debian 12 and Ubuntu." ;;
  esac
  command -v apt-get >/dev/null || die "apt-get is missing, so system packages cannot be had."
  [ ! -x $python ] || check_python
}

check_python() {
  $python -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    die "$($python --version) is too old: Python 3.11 is needed (Debian 12, Ubuntu 24.04)."
}

have() { dpkg-query -W -f '${db:Status-Status}\n' "$1" 2>/dev/null | grep -qx installed; }

# What cannot come from PyPI. A compiler and Python's headers, because pynput needs evdev, which
# has no wheel; PortAudio and ALSA's way to the sound server; a program that keeps the clipboard.
missing_packages() {
  local package
  for package in python3 python3-venv python3-dev gcc libportaudio2 libpulse0 xclip; do
    have "$package" || printf '%s\n' "$package"
  done
  # either leads ALSA to the sound server; PipeWire's own serves where it is there already
  have pipewire-alsa || have libasound2-plugins || printf 'libasound2-plugins\n'
}

confirm() {
  [ -z "$yes" ] || return 0
  local answer
  # stdin may be this very script
  { : </dev/tty; } 2>/dev/null || die "nobody to ask: run it with --yes to install $*."
  printf 'These system packages are needed: %s\nInstall them? [Y/n] ' "$*" >/dev/tty
  read -r answer </dev/tty || answer=n
  case $answer in '' | [yY]*) ;; *) die "nothing was installed." ;; esac
}

install_packages() {
  local missing sudo=()
  mapfile -t missing < <(missing_packages)
  [ ${#missing[@]} -gt 0 ] || return 0
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null ||
      die "sudo is missing: as root, run apt-get install ${missing[*]}, then this again."
    sudo=(sudo)
  fi
  confirm "${missing[@]}"
  say "Installing system packages: ${missing[*]}"
  local apt=("${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -qq)
  "${apt[@]}" update >/dev/null || die "apt-get update failed; is there a network?"
  "${apt[@]}" install --yes --no-install-recommends "${missing[@]}" >/dev/null ||
    die "apt-get could not install ${missing[*]}; the lines above say why."
}

install_program() {
  local version
  check_python
  version=$($python -c 'import sys; print(*sys.version_info[:2], sep=".")')
  mkdir -p "$data" "$bin" || die "$data or $bin cannot be made."
  # a venv of another Python, as after an upgrade of the system, cannot be mended
  if ! "$venv/bin/python" -c 'import pip' 2>/dev/null || [ ! -d "$venv/lib/python$version" ]; then
    say "Making a virtual environment in $venv"
    $python -m venv --clear "$venv" || die "the virtual environment could not be made."
  fi
  say "Installing tray-dictate from $source"
  # no cache: it would outlive uninstall.sh
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-cache-dir "$source" ||
    die "pip could not install it; the lines above say why."
  "$venv/bin/tray-dictate" --version >/dev/null || die "it was installed but does not run."
  if [ -e "$bin/tray-dictate" ] && [ ! -L "$bin/tray-dictate" ]; then
    die "$bin/tray-dictate is in the way; move it and run this again."
  fi
  ln -sfn "$venv/bin/tray-dictate" "$bin/tray-dictate"
}

# The pids of the daemons that run from this venv; `tray-dictate transcribe` is none.
running() {
  local folder words
  for folder in /proc/[0-9]*; do
    [ -O "$folder" ] || continue
    { mapfile -d '' -t words <"$folder/cmdline"; } 2>/dev/null || continue
    case "${words[0]:-} ${words[1]:-}" in
      "$venv"/bin/python*/tray-dictate) words=("${words[@]:2}") ;;
      "$venv"/bin/python*" -m") words=("${words[@]:3}") ;;
      *) continue ;;
    esac
    case "${words[0]:-run}" in run | --*) printf '%s\n' "${folder#/proc/}" ;; esac
  done
}

# Starts it apart from this terminal, and sees that it stays.
launch() {
  local log=$data/start.log pid
  setsid "$@" >"$log" 2>&1 </dev/null &
  pid=$!
  for _ in 1 2 3 4 5 6 7 8; do
    sleep 0.25
    [ -d "/proc/$pid" ] || die "tray-dictate ended at once: $(tail -n 3 "$log")"
  done
  say "tray-dictate runs (pid $pid): hold the right Ctrl key and speak."
}

# As it was started: the same display, the same options.
restart() {
  local pid=$1 environment words
  mapfile -d '' -t environment <"/proc/$pid/environ"
  mapfile -d '' -t words <"/proc/$pid/cmdline"
  say "Restarting the running daemon (pid $pid)"
  kill "$pid" 2>/dev/null || true
  for _ in {1..100}; do
    if [ ! -d "/proc/$pid" ]; then
      launch env -i "${environment[@]}" "${words[@]}"
      return
    fi
    sleep 0.1
  done
  die "the running daemon (pid $pid) does not end; end it and run this again."
}

start_program() {
  local pid pids
  mapfile -t pids < <(running)
  if [ -z "$start" ]; then
    [ ${#pids[@]} -eq 0 ] || say "What runs (pid ${pids[*]}) is still what was installed before."
  elif [ ${#pids[@]} -gt 0 ]; then
    for pid in "${pids[@]}"; do restart "$pid"; done # one for each of your desktop sessions
  elif [ -z "${DISPLAY:-}" ]; then
    say "Not started: there is no X display here (DISPLAY is not set)." \
      "In your desktop session, run: tray-dictate"
  else
    launch "$venv/bin/tray-dictate" run
  fi
}

main() {
  read_options "$@"
  check_system
  find_source
  install_packages
  install_program
  say "Installed: $bin/tray-dictate"
  case ":$PATH:" in
    *":$bin:"*) ;;
    *) say "$bin is not on your PATH: log in again, or add it:" \
      "export PATH=\"\$HOME/.local/bin:\$PATH\"" ;;
  esac
  start_program
}

main "$@" # last, so that half a download does nothing

#!/usr/bin/env bash
# Takes away what install.sh put into your home; your settings, recordings and history stay.
#
#   install_scripts/uninstall.sh [--purge]
#
#   --purge   settings, recordings, history and logs go as well
#
# System packages stay: other programs may use them by now.
set -euo pipefail

say() { printf '%s\n' "$*"; }
die() { printf 'uninstall.sh: %s\n' "$*" >&2; exit 1; }

# The pids of whatever runs from the venv.
running() {
  local folder words
  for folder in /proc/[0-9]*; do
    [ -O "$folder" ] || continue
    { mapfile -d '' -t words <"$folder/cmdline"; } 2>/dev/null || continue
    case "${words[0]:-}" in "$venv"/bin/*) printf '%s\n' "${folder#/proc/}" ;; esac
  done
}

stop_all() {
  local pid
  for pid in $(running); do
    kill "$pid" 2>/dev/null || true
    for _ in {1..100}; do
      [ -d "/proc/$pid" ] || continue 2
      sleep 0.1
    done
    die "tray-dictate (pid $pid) does not end; end it and run this again."
  done
}

main() {
  local purge='' data venv link found=''
  case ${1:-} in
    '') ;;
    --purge) purge=1 ;;
    --help | -h) say "usage: uninstall.sh [--purge]"; exit 0 ;;
    *) die "unknown option $1; --purge is the only one." ;;
  esac
  [ -n "${HOME:-}" ] || die "HOME is not set, so it is not known where it was installed."
  data=${XDG_DATA_HOME:-$HOME/.local/share}/tray_dictate
  venv=$data/venv
  link=$HOME/.local/bin/tray-dictate
  stop_all
  if [ "$(readlink -- "$link" || true)" = "$venv/bin/tray-dictate" ]; then
    found=1
    rm -f -- "$link" || die "$link cannot be removed."
  fi
  if [ -d "$venv" ]; then
    found=1
    rm -rf -- "$venv" "$data/start.log" || die "$venv cannot be removed."
  fi
  if [ -n "$purge" ]; then
    rm -rf -- "$data" "${XDG_CONFIG_HOME:-$HOME/.config}/tray_dictate" \
      "${XDG_STATE_HOME:-$HOME/.local/state}/tray_dictate" \
      "${XDG_CACHE_HOME:-$HOME/.cache}/tray_dictate" || die "not everything could be removed."
  elif [ -d "$data" ]; then
    rmdir --ignore-fail-on-non-empty -- "$data"
  fi
  if [ -n "$found" ]; then say "tray-dictate is uninstalled."; else say "tray-dictate was not installed."; fi
}

main "$@"

#!/usr/bin/env bash
# Removes what install.sh put into your home folder. Settings, recordings, history and downloaded
# models are kept.
#
#   install_scripts/uninstall.sh [--purge]
#
#   --purge   also remove settings, recordings, history, models, logs, and keys in the keyring
#
# System packages are kept: other programs may use them by now.
set -euo pipefail

say() { printf '%s\n' "$*"; }
die() { printf 'uninstall.sh: %s\n' "$*" >&2; exit 1; }

# Prints the pids of all programs that run from the venv.
running() {
  local folder words pid command
  if [ ! -d /proc/self ]; then # macOS
    ps -axo pid=,command= | while read -r pid command; do
      case "$command " in *"$venv/bin/tray-dictate "*) say "$pid" ;; esac
    done
    return 0
  fi
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
      kill -0 "$pid" 2>/dev/null || continue 2
      sleep 0.1
    done
    die "tray-dictate (pid $pid) does not stop; stop it and run this again."
  done
}

# Removes completion, and start at login if that starts this installation.
remove_entries() {
  local config=${XDG_CONFIG_HOME:-$HOME/.config} file unit=tray-dictate.service
  for file in "$config/autostart/tray-dictate.desktop" "$config/systemd/user/$unit" \
    "$share/applications/org.tray_dictate.TrayDictate.desktop" \
    "$HOME/Library/LaunchAgents/org.tray-dictate.daemon.plist"; do
    grep -qsF "$venv/bin/" "$file" || continue
    rm -f -- "$file" || die "cannot remove $file."
    case $file in
      *.service)
        rm -f -- "$config/systemd/user/graphical-session.target.wants/$unit"
        systemctl --user daemon-reload 2>/dev/null || true ;;
      *.plist) launchctl bootout "gui/$(id -u)/org.tray-dictate.daemon" 2>/dev/null || true ;;
    esac
  done
  rm -f -- "$share/bash-completion/completions/tray-dictate" \
    "$share/zsh/site-functions/_tray-dictate" \
    "$share/fish/vendor_completions.d/tray-dictate.fish" ||
    die "cannot remove the completion files."
}

# Removes the keys that `tray-dictate key set` stored in the keyring; needs the program itself.
forget_keys() {
  local limit=()
  if [ ! -x "$venv/bin/tray-dictate" ]; then # it went before
    [ -z "$(own_folders)" ] || say "$keys_stay"
    return 0
  fi
  if command -v timeout >/dev/null; then limit=(timeout 60); fi # a locked keyring may ask unseen
  "${limit[@]+"${limit[@]}"}" "$venv/bin/tray-dictate" key forget --for all </dev/null \
    >/dev/null 2>&1 || say "The keyring did not answer. $keys_stay"
}

keys_stay="If you used \`tray-dictate key set\`, remove the entries named tray_dictate with your
system's password program."

# Prints those of our folders that still exist.
own_folders() {
  local folder
  for folder in "$data" "${XDG_CONFIG_HOME:-$HOME/.config}/tray_dictate" \
    "${XDG_STATE_HOME:-$HOME/.local/state}/tray_dictate" \
    "${XDG_CACHE_HOME:-$HOME/.cache}/tray_dictate" \
    "$HOME/Library/Application Support/tray_dictate" "$HOME/Library/Logs/tray_dictate" \
    "$HOME/Library/Caches/tray_dictate"; do
    [ ! -e "$folder" ] || printf '%s\n' "$folder"
  done
}

main() {
  local purge='' share data venv link found='' left folder
  case ${1:-} in
    '') ;;
    --purge) purge=1 ;;
    --help | -h) say "usage: uninstall.sh [--purge]"; exit 0 ;;
    *) die "unknown option $1; the only option is --purge." ;;
  esac
  [ -n "${HOME:-}" ] || die "HOME is not set, so the installation cannot be found."
  share=${XDG_DATA_HOME:-$HOME/.local/share}
  data=$share/tray_dictate
  venv=$data/venv
  link=$HOME/.local/bin/tray-dictate
  stop_all
  if [ -n "$purge" ]; then forget_keys; fi
  remove_entries
  if [ "$(readlink -- "$link" || true)" = "$venv/bin/tray-dictate" ]; then
    found=1
    rm -f -- "$link" || die "cannot remove $link."
  fi
  if [ -d "$venv" ]; then
    found=1
    rm -rf -- "$venv" "$data/start.log" || die "cannot remove $venv."
  fi
  if [ -d "$data" ]; then rmdir -- "$data" 2>/dev/null || true; fi # the history may be there
  if [ -n "$found" ]; then say "tray-dictate is uninstalled."
  else say "tray-dictate was not installed."; fi
  left=$(own_folders)
  if [ -z "$left" ]; then return 0; fi
  if [ -z "$purge" ]; then
    say "Your settings, history, recordings, models and log are kept;" \
      "uninstall.sh --purge removes them:"
    say "$left"
    return 0
  fi
  while read -r folder; do
    rm -rf -- "$folder" || die "cannot remove $folder."
    say "Removed: $folder"
  done <<<"$left"
}

main "$@"

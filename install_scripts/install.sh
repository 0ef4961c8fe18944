#!/usr/bin/env bash
# Installs tray-dictate for your user, and starts it. Run it again to upgrade.
#
#   install_scripts/install.sh [--yes] [--no-start] [--autostart] [--better-model] [--from FOLDER]
#
#   --yes           do not ask before installing system packages
#   --no-start      install only
#   --autostart     also start it at login; without this, the first installation asks
#   --better-model  also download a more accurate model for English (63 MB); without this, the first
#                   installation asks
#   --from FOLDER   the checkout to install; not needed inside one
#
# Everything but the system packages goes into your home folder; uninstall.sh removes it. Works on
# Debian, Ubuntu, Fedora, Arch, and macOS, whose bash is 3.2.
set -euo pipefail

say() { printf '%s\n' "$*"; }
die() { printf 'install.sh: %s\n' "$*" >&2; exit 1; }

usage() {
  say "usage: install.sh [--yes] [--no-start] [--autostart] [--better-model] [--from FOLDER]"
  say "Installs tray-dictate from a checkout for your user, and starts it. Run it again to upgrade."
}

read_options() {
  yes='' start=1 autostart='' better='' from=''
  while [ $# -gt 0 ]; do
    case $1 in
      --yes | -y) yes=1 ;;
      --no-start) start='' ;;
      --autostart) autostart=1 ;;
      --better-model) better=1 ;;
      --from) [ $# -gt 1 ] || die "--from needs a folder."; from=$2; shift ;;
      --help | -h) usage; exit 0 ;;
      *) die "unknown option $1; --help lists them." ;;
    esac
    shift
  done
  [ -n "${HOME:-}" ] || die "HOME is not set, so there is nowhere to install to."
  share=${XDG_DATA_HOME:-$HOME/.local/share}
  data=$share/tray_dictate
  venv=$data/venv
  bin=$HOME/.local/bin
}

# The checkout: the option's, or around this script, or (piped into bash) around the present folder.
find_source() {
  local script=${BASH_SOURCE[0]:-} folder
  if [ -n "$from" ]; then folder=$from
  elif [ -f "$script" ]; then folder=$(dirname -- "$script")/..
  else folder=$PWD; fi
  source=$(cd -- "$folder" 2>/dev/null && pwd) || die "$folder is not a folder."
  grep -qs '^name = "tray-dictate"' "$source/pyproject.toml" ||
    die "$source is not a checkout of tray_dictate; name one with --from FOLDER."
}

# Finds the package manager: the system's own if it is installed, else another.
check_system() {
  local id='' like='' name='' usual=''
  case $(uname -s) in
    Darwin) installer=brew; return ;;
    Linux) ;;
    *) die "$(uname -s) is not supported, only Linux and macOS." ;;
  esac
  if [ -r /etc/os-release ]; then
    # shellcheck source=/dev/null
    IFS='|' read -r id like name < <(. /etc/os-release; echo "${ID:-}|${ID_LIKE:-}|${PRETTY_NAME:-}")
  fi
  case "$id $like" in
    *debian* | *ubuntu*) usual=apt-get ;;
    *fedora*) usual=dnf ;;
    *arch*) usual=pacman ;;
  esac
  for installer in $usual apt-get dnf pacman; do
    ! command -v "$installer" >/dev/null || return 0
  done
  die "${name:-This system} is not supported: it has neither apt-get, dnf nor pacman."
}

# The embedded model and its runtime are binaries: refuse early where they cannot run.
check_binaries() {
  local machine release least
  machine=$(uname -m)
  case $(uname -s)/$machine in
    Darwin/arm64) release=$(sw_vers -productVersion 2>/dev/null || true) least=15.0 ;;
    Linux/x86_64) release=$(getconf GNU_LIBC_VERSION 2>/dev/null || true) least=2.34 ;;
    Linux/aarch64) release=$(getconf GNU_LIBC_VERSION 2>/dev/null || true) least=2.31 ;;
    *) die "$machine is not supported: the speech model is available for" \
      "x86_64 and aarch64 (Linux) and Apple silicon (macOS)." ;;
  esac
  case $machine/$release in
    arm64/*) at_least "$release" "$least" ||
      die "macOS ${release:-here} is too old: the speech model needs macOS $least." ;;
    */glibc*) at_least "${release#glibc }" "$least" ||
      die "$release is too old: the speech model needs glibc $least (Debian 12, Ubuntu 24.04)." ;;
    *) die "the speech model needs glibc, which this system does not have." ;;
  esac
}

# Tells whether a version such as 2.36 is another one or later.
at_least() {
  local major=${1%%.*} minor=${1#*.}
  minor=${minor%%.*}
  case $major$minor in '' | *[!0-9]*) return 1 ;; esac
  [ "$major" -gt "${2%%.*}" ] || { [ "$major" -eq "${2%%.*}" ] && [ "$minor" -ge "${2#*.}" ]; }
}

# The Python that the system packages are for; on macOS any that will do.
find_python() {
  local found brewed
  python=/usr/bin/python3
  [ "$installer" = brew ] || return 0
  brewed=$(brew --prefix 2>/dev/null || true)
  brewed=${brewed:-/opt/homebrew}/bin/python3.13 # Homebrew need not be on the PATH
  for found in python3.13 python3.12 python3.11 python3 "$brewed"; do
    python=$(command -v "$found" || true)
    if [ -n "$python" ] && new_enough; then return 0; fi
  done
  python=''
}

new_enough() { "$python" -I -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

check_python() {
  new_enough ||
    die "$("$python" --version) is too old: Python 3.11 is needed (Debian 12, Ubuntu 24.04)."
}

have() {
  case $installer in
    apt-get) dpkg-query -W -f '${db:Status-Status}\n' "$1" 2>/dev/null | grep -qx installed ;;
    dnf) rpm --query --quiet "$1" ;;
    pacman) pacman --query --quiet "$1" >/dev/null 2>&1 ;;
    brew) brew list --versions "$1" >/dev/null 2>&1 ;;
  esac
}

# What cannot come from PyPI. A compiler and Python's headers, because pynput needs evdev, which
# has no wheel; PortAudio and ALSA's way to the sound server; a program that keeps the clipboard.
missing_packages() {
  local package packages alsa='' server=''
  case $installer in
    apt-get)
      packages="python3 python3-venv python3-dev gcc libportaudio2 libpulse0 xclip wl-clipboard"
      alsa=libasound2-plugins
      have pulseaudio || server=pipewire-pulse ;; # elsewhere one excludes the other
    dnf)
      packages="python3 python3-devel gcc portaudio pulseaudio-libs xclip wl-clipboard"
      alsa=alsa-plugins-pulseaudio server=pipewire-pulseaudio ;;
    pacman)
      packages="python gcc portaudio libpulse xclip wl-clipboard"
      alsa=pulseaudio-alsa server=pipewire-pulse ;;
    brew) # what else it needs is in the wheels
      packages=python@3.13
      if [ -n "$python" ]; then packages=''; fi ;;
  esac
  for package in $packages; do
    have "$package" || printf '%s\n' "$package"
  done
  # PulseAudio's plugin leads ALSA to PipeWire, too, but PipeWire's own is quicker
  if [ -n "$alsa" ] && ! have "$alsa" && ! have pipewire-alsa; then
    if [ -n "$server" ] && have "$server"; then alsa=pipewire-alsa; fi
    printf '%s\n' "$alsa"
  fi
}

# Asks at the terminal, since stdin may be this very script; without one it fails.
ask() {
  local answer
  { : </dev/tty; } 2>/dev/null || return 2
  printf '%s ' "$1" >/dev/tty
  read -r answer </dev/tty || answer=n
  case ${answer:-$2} in [yY]*) ;; *) return 1 ;; esac
}

confirm() {
  local answered=0
  [ -z "$yes" ] || return 0
  ask "These system packages are needed: $*
Install them? [Y/n]" y || answered=$?
  case $answered in
    1) die "aborted; nothing was installed." ;;
    2) die "no terminal to ask on: rerun with --yes to install $*." ;;
  esac
}

install_packages() {
  local package missing=() command
  while read -r package; do missing+=("$package"); done < <(missing_packages)
  [ ${#missing[@]} -gt 0 ] || return 0
  case $installer in
    apt-get)
      command=(env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -qq
        install --yes --no-install-recommends) ;;
    dnf) command=(dnf --quiet --assumeyes --setopt=install_weak_deps=False install) ;;
    pacman) command=(pacman --noconfirm --needed --sync) ;;
    brew)
      command -v brew >/dev/null ||
        die "Python 3.11 or newer is needed: install it from python.org, or Homebrew from brew.sh."
      command=(brew install --quiet) ;;
  esac
  if [ "$installer" != brew ] && [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null ||
      die "sudo is missing: as root, install ${missing[*]} with $installer, then run this again."
    command=(sudo "${command[@]}")
  fi
  confirm "${missing[@]}"
  say "Installing system packages: ${missing[*]}"
  [ "$installer" != apt-get ] || "${command[@]:0:${#command[@]}-3}" update >/dev/null ||
    die "apt-get update failed; is there a network?"
  "${command[@]}" "${missing[@]}" >/dev/null ||
    die "$installer could not install ${missing[*]}; the lines above say why."
}

# Runs pip and shows what it fetches: it takes minutes on a slow line. No cache: it would outlive
# uninstall.sh. -I: no file of the folder that we are in is taken for a part of Python.
pip_install() {
  local said line name
  said=$data/pip.log
  "$venv/bin/python" -I -m pip install --disable-pip-version-check --no-cache-dir \
    --progress-bar off "$@" 2>&1 | tee "$said" | while read -r line; do
    case $line in
      "Collecting "*) name=${line#Collecting }; say "  ${name%% *}" ;;
      "Installing collected packages"*) say "  installing them" ;;
      "Building wheel for "*started) name=${line#Building wheel for }; say "  building ${name%% *}" ;;
    esac
  done || { tail -n 20 "$said" >&2; die "pip could not install it; the lines above say why."; }
  rm -f "$said"
}

install_program() {
  local version lists
  find_python
  check_python
  version=$("$python" -I -c 'import sys; print(*sys.version_info[:2], sep=".")')
  mkdir -p "$data" "$bin" || die "cannot create $data or $bin."
  # the history will be in it
  chmod 700 "$data" || die "cannot make $data private; does it belong to you?"
  [ -d "$venv" ] && first='' || first=1
  # a venv of another Python, as after an upgrade of the system, cannot be mended
  if ! "$venv/bin/python" -I -c 'import pip' 2>/dev/null || [ ! -d "$venv/lib/python$version" ]; then
    say "Creating a virtual environment in $venv"
    "$python" -I -m venv --clear "$venv" || die "could not create the virtual environment."
  fi
  say "Installing tray-dictate from $source"
  # what builds the rest first; only files whose hashes are listed there
  lists=$source/install_scripts
  pip_install --require-hashes --requirement "$lists/build-requirements.txt"
  pip_install --require-hashes --no-build-isolation --requirement "$lists/requirements.txt"
  pip_install --no-deps --no-build-isolation --no-index "$source"
  "$venv/bin/tray-dictate" --version >/dev/null ||
    die "tray-dictate was installed but does not start."
  if [ -e "$bin/tray-dictate" ] && [ ! -L "$bin/tray-dictate" ]; then
    die "$bin/tray-dictate is in the way; move it and run this again."
  fi
  ln -sfn "$venv/bin/tray-dictate" "$bin/tray-dictate"
}

# For the shells that are installed; uninstall.sh knows the same files.
install_completion() {
  local shell file
  for shell in bash zsh fish; do
    command -v "$shell" >/dev/null || continue
    case $shell in
      bash) file=$share/bash-completion/completions/tray-dictate ;;
      zsh) file=$share/zsh/site-functions/_tray-dictate ;;
      fish) file=$share/fish/vendor_completions.d/tray-dictate.fish ;;
    esac
    if ! { mkdir -p "${file%/*}" && "$venv/bin/tray-dictate" completion "$shell" >"$file"; }; then
      say "Could not write completion for $shell to $file; everything else works."
    fi
  done
  case ${SHELL:-} in
    */zsh) say "For completion, add this to ~/.zshrc before compinit:" \
      "fpath=(\"$share/zsh/site-functions\" \$fpath)" ;;
  esac
}

# Lets the program be started from the desktop's applications menu.
install_entry() {
  [ "$installer" != brew ] || return 0
  "$venv/bin/python" -I -c 'from tray_dictate.system.autostart import xdg; xdg.make_application_entry()' ||
    say "Could not add tray-dictate to the applications menu; everything else works."
}

# Starts it at login if the option or, at the first installation, the user says so.
offer_autostart() {
  if [ -n "$autostart" ] ||
    { [ -n "$first" ] && [ -z "$yes" ] && ask "Start tray-dictate at login? [y/N]" n; }; then
    "$venv/bin/tray-dictate" autostart enable
  elif ! "$venv/bin/tray-dictate" autostart status >/dev/null 2>&1; then
    say "To start it at login, run: tray-dictate autostart enable"
  fi
}

# Downloads the larger model for English if the option or, at the first installation, the user says
# so. Without it everything works; the program is there before this can fail.
offer_model() {
  local model=moonshine-base-en
  if "$venv/bin/tray-dictate" models --json 2>/dev/null |
    grep "\"id\": *\"$model\".*\"folder\": *\"" >/dev/null; then
    return 0 # it is there already
  fi
  if [ -n "$better" ] || { [ -n "$first" ] && [ -z "$yes" ] &&
    ask "Download a model that makes half the mistakes in English (63 MB)? [y/N]" n; }; then
    "$venv/bin/tray-dictate" models get "$model" </dev/null ||
      say "The built-in model is used. To try again, run: tray-dictate models get $model"
  else
    say "For half the mistakes in English (63 MB), run: tray-dictate models get $model"
  fi
}

# Prints the pids of the daemons that run from this venv, not those of other commands.
running() {
  local folder words pid command
  if [ ! -d /proc/self ]; then # macOS
    ps -axo pid=,command= | while read -r pid command; do
      case "$command " in
        *"$venv/bin/tray-dictate " | *"$venv/bin/tray-dictate run "*) say "$pid" ;;
      esac
    done
    return 0
  fi
  for folder in /proc/[0-9]*; do
    [ -O "$folder" ] || continue
    { mapfile -d '' -t words <"$folder/cmdline"; } 2>/dev/null || continue
    case "${words[0]:-} ${words[1]:-}" in
      "$venv"/bin/python*/tray-dictate) words=("${words[@]:2}") ;;
      "$venv"/bin/python*" -P") words=("${words[@]:4}") ;; # -P -m tray_dictate
      "$venv"/bin/python*" -m") words=("${words[@]:3}") ;; # an older version's
      *) continue ;;
    esac
    case "${words[0]:-run}" in run | --*) printf '%s\n' "${folder#/proc/}" ;; esac
  done
}

# Prints how to dictate, as the running daemon says it: "hold right Ctrl and speak".
hint() { "$venv/bin/tray-dictate" status 2>/dev/null | sed -n 's/^To dictate: *//p'; }

# Starts it detached from this terminal, with this stdin, and checks that it keeps running.
launch() {
  local log=$data/start.log pid apart=nohup how=''
  ! command -v setsid >/dev/null || apart=setsid
  (umask 077; rm -f "$log"; : >"$log")
  "$apart" "$@" >"$log" 2>&1 <&0 & # without <&0 it would have no stdin
  pid=$!
  for _ in 1 2 3 4 5 6 7 8; do
    sleep 0.25
    kill -0 "$pid" 2>/dev/null || die "tray-dictate stopped immediately: $(tail -n 3 "$log")"
  done
  for _ in 1 2 3 4 5 6 7 8 9 10; do # a busy machine takes seconds until it answers
    how=$(hint || true)
    if [ -n "$how" ]; then break; fi
    sleep 0.5
  done
  say "tray-dictate is running (pid $pid)${how:+: $how}."
}

# Python code that becomes a program, in the environment that it reads from stdin: other users can
# read a command's arguments, and an environment contains keys.
in_environment='
import os, sys
pairs = sys.stdin.buffer.read().split(b"\0")
os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
os.execve(sys.argv[1], sys.argv[1:], dict(pair.split(b"=", 1) for pair in pairs if b"=" in pair))
'

# Restarts a daemon as it was started: same display, same options; a service by its manager.
restart() {
  local pid=$1 service=tray-dictate.service environment=() words=("$venv/bin/tray-dictate" run)
  say "Restarting tray-dictate (pid $pid)"
  if [ "$(systemctl --user show --property=MainPID --value $service 2>/dev/null)" = "$pid" ]; then
    systemctl --user restart "$service" || die "systemctl could not restart it."
    return
  fi
  if [ -r "/proc/$pid/environ" ]; then
    mapfile -d '' -t environment <"/proc/$pid/environ"
    mapfile -d '' -t words <"/proc/$pid/cmdline"
    words=("$venv/bin/python" -I -c "$in_environment" "${words[@]}")
  fi
  kill "$pid" 2>/dev/null || true
  for _ in {1..100}; do
    if ! kill -0 "$pid" 2>/dev/null; then
      launch "${words[@]}" < <([ ${#environment[@]} -eq 0 ] || printf '%s\0' "${environment[@]}")
      return
    fi
    sleep 0.1
  done
  die "tray-dictate (pid $pid) does not stop; stop it and run this again."
}

start_program() {
  local pid pids=()
  while read -r pid; do pids+=("$pid"); done < <(running)
  if [ -z "$start" ]; then
    [ ${#pids[@]} -eq 0 ] ||
      say "tray-dictate (pid ${pids[*]}) still runs the previous version: restart it to upgrade."
  elif [ ${#pids[@]} -gt 0 ]; then
    for pid in "${pids[@]}"; do restart "$pid"; done # one for each of your desktop sessions
  elif [ "$installer" != brew ] && [ -z "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
    say "Not started: no display (neither DISPLAY nor WAYLAND_DISPLAY is set)." \
      "In your desktop session, run: tray-dictate"
  else
    launch "$venv/bin/tray-dictate" run </dev/null
  fi
}

main() {
  read_options "$@"
  check_system
  check_binaries
  find_source
  find_python
  [ ! -x "$python" ] || check_python
  install_packages
  install_program
  install_completion
  install_entry
  say "Installed: $bin/tray-dictate"
  case ":$PATH:" in
    *":$bin:"*) ;;
    *) say "$bin is not on your PATH: log in again, or add it:" \
      "export PATH=\"\$HOME/.local/bin:\$PATH\"" ;;
  esac
  offer_autostart
  offer_model
  start_program
}

main "$@" # last, so that half a download does nothing

#!/usr/bin/env bash
# Renews the locked requirements that install.sh and install.ps1 install: requirements.txt, and
# build-requirements.txt, which builds what comes without a wheel. Each file of each version is
# named by its hash; a package index may serve no other.
#
#   install_scripts/lock.sh [uv's options: --upgrade, --upgrade-package NAME]
#
# Without options only what pyproject.toml asks for changes. Every wheel is then sought for each
# Python and system that we support.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

uv=${TRAY_DICTATE_TEST_VENV:-.venv}/bin/uv
pythons=(3.11 3.12 3.13 3.14)
systems=(x86_64-manylinux_2_34 aarch64-manylinux_2_34 x86_64-pc-windows-msvc aarch64-apple-darwin)
sources='evdev' # come as source only, for Linux

lock() {
  local output=$1
  shift
  "$uv" pip compile --quiet --universal --python-version "${pythons[0]}" --generate-hashes \
    --no-annotate --custom-compile-command install_scripts/lock.sh \
    --output-file "install_scripts/$output" "$@"
}

# Prints a requirements file without what has no wheels.
wheels() { sed -E "/^($sources)==/,/[^\\\\]\$/d" "$1"; }

check_wheels() {
  local file=$1 python system folder
  folder=$(mktemp -d)
  wheels "$file" >"$folder/wheels.txt"
  for python in "${pythons[@]}"; do
    for system in "${systems[@]}"; do
      MACOSX_DEPLOYMENT_TARGET=15.0 "$uv" pip install --quiet --dry-run --no-deps --require-hashes \
        --only-binary :all: --python-version "$python" --python-platform "$system" \
        --target "$folder/nowhere" --requirement "$folder/wheels.txt" ||
        { printf 'lock.sh: %s: no wheel for Python %s on %s; see above.\n' "$file" "$python" \
          "$system" >&2; exit 1; }
    done
  done
  rm -r -- "$folder"
}

lock requirements.txt pyproject.toml "$@"
lock build-requirements.txt --group build "$@"
check_wheels install_scripts/requirements.txt
check_wheels install_scripts/build-requirements.txt
printf 'Locked, with a wheel for each of Python %s.\n' "${pythons[*]}"

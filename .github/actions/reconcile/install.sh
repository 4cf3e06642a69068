#!/usr/bin/env bash
# Installs the program that this checkout holds into a new virtual environment. Usage: install.sh FOLDER
#
# Each package is one that the lock files name, by version and hash, and a wheel: nothing of it runs while it is
# installed. It refuses where a key or a token is in the environment. PYTHON names another interpreter than python3; it
# needs pip, which does not stand in the new environment.
set -euo pipefail

for name in $(compgen -e); do
  case "$name" in
    MASKINPORTEN_*JWK* | MASKINPORTEN_*PEM* | MASKINPORTEN_PRIVATE_KEY* | RECONCILER_TOKEN)
      if [ -n "${!name}" ]; then
        echo "error: $name is in the environment of the step that installs; give it to the step that runs." >&2
        exit 1
      fi ;;
  esac
done

target=$1
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
tool=$(cd "$here/../../.." && pwd -P)
made_from="$target/made-from"
if [ -f "$made_from" ] && [ "$(cat "$made_from")" = "$tool" ]; then exit 0; fi # by an earlier step of the same job

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1
hashed=(--quiet --no-compile --require-hashes --no-deps --only-binary :all:)
python=${PYTHON:-python3}

"$python" -m venv --clear --without-pip "$target"
pip=("$python" -m pip --python "$target/bin/python")
"${pip[@]}" install "${hashed[@]}" --requirement "$here/requirements.txt"

# The build backend stays out of the environment that will meet the credential.
"${pip[@]}" install "${hashed[@]}" --target "$work/backend" --requirement "$here/build-requirements.txt"

# An archive that git makes has the commit written into it. Other archives of the repository are such already.
source=$tool
if [ "$(git -C "$tool" rev-parse --show-prefix 2>/dev/null || echo none)" = "" ]; then
  source="$work/source"
  mkdir "$source"
  git -C "$tool" archive HEAD | tar -xf - -C "$source"
fi
own=(--quiet --no-compile --no-deps --no-index --no-build-isolation --no-cache-dir)
PYTHONPATH="$work/backend" "${pip[@]}" install "${own[@]}" "$source"
"${pip[@]}" check >/dev/null
echo "$tool" > "$made_from"

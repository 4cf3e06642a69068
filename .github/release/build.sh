#!/usr/bin/env bash
# Builds what a release publishes, from the commit that is checked out. Usage: build.sh TAG FOLDER
#
# FOLDER gets dist/ with sdist and wheel, source.tar.gz for the image, sbom.cdx.json and notes.md.
set -euo pipefail

tag=$1
mkdir -p "$2/dist"
out=$(cd "$2" && pwd -P)
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
top=$(git -C "$here" rev-parse --show-toplevel)
commit=$(git -C "$top" rev-parse HEAD)
python=${PYTHON:-python3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The archive has the commit written into it, and the same commit gives the same archive.
git -C "$top" archive --format=tar HEAD | gzip --no-name > "$out/source.tar.gz"
mkdir "$work/source"
tar -xzf "$out/source.tar.gz" -C "$work/source"

"$python" -m venv --without-pip "$work/backend"
PIP_DISABLE_PIP_VERSION_CHECK=1 "$python" -m pip --python "$work/backend/bin/python" install --quiet --no-deps \
  --require-hashes --only-binary :all: --requirement "$top/.github/actions/reconcile/build-requirements.txt"
SOURCE_DATE_EPOCH=$(git -C "$top" show --no-patch --format=%ct HEAD)
export SOURCE_DATE_EPOCH # the same commit gives the same packages
(cd "$work/source" && "$work/backend/bin/python" -m hatchling build -d "$out/dist" >/dev/null 2>&1)

"$python" "$work/source/.github/release/release.py" sbom "$tag" "$commit" > "$out/sbom.cdx.json"
"$python" "$work/source/.github/release/release.py" notes "$tag" > "$out/notes.md"

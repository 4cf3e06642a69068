#!/usr/bin/env bash
# Uploads a SARIF file for the commit and the ref of this run: https://docs.github.com/rest/code-scanning
set -euo pipefail

if [ ! -s "$FILE" ]; then echo "There are no findings to upload."; exit 0; fi
gzip -c "$FILE" | base64 -w0 > "$RUNNER_TEMP/sarif.base64"
jq -n --rawfile sarif "$RUNNER_TEMP/sarif.base64" --arg commit "$GITHUB_SHA" --arg ref "$GITHUB_REF" \
  '{commit_sha: $commit, ref: $ref, sarif: $sarif}' > "$RUNNER_TEMP/sarif.json"
gh api --method POST "repos/$GITHUB_REPOSITORY/code-scanning/sarifs" --input "$RUNNER_TEMP/sarif.json" > /dev/null

#!/usr/bin/env bash
# Opens, updates or closes the one issue on drift in an environment.
set -euo pipefail

repository="repos/$GITHUB_REPOSITORY"
mark=$(head -n 1 "$FILE" | cut -d ' ' -f 1-2)
issue="$RUNNER_TEMP/issue.json"
found=$(gh api --paginate "$repository/issues?state=open&labels=register-drift" \
  | jq -rs --arg mark "$mark" 'first(.[][] | select(.body // "" | startswith($mark)) | .number)')
if [ -n "$found" ]; then
  # Neither title nor labels: those that people gave the issue stay.
  if [ "$HAS_DRIFT" = true ]; then state=open; else state=closed; fi
  jq -n --rawfile body "$FILE" --arg state "$state" '{body: $body, state: $state}' > "$issue"
  gh api --method PATCH "$repository/issues/$found" --input "$issue" > /dev/null
elif [ "$HAS_DRIFT" = true ]; then
  jq -n --rawfile body "$FILE" --arg title "Drift in the register: $TARGET" \
    '{title: $title, body: $body, labels: ["register-drift"]}' > "$issue"
  gh api --method POST "$repository/issues" --input "$issue" > /dev/null
fi

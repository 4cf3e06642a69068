#!/usr/bin/env bash
# Brings the journals of earlier applies to this machine, and names the applies that have left none.
#
# Each apply leaves two artifacts: `apply-ENVIRONMENT-RUN-ATTEMPT` before it begins, and `journal-…` when it has ended.
# An artifact that anybody can make must not be believed: it has to be of a run on the deployed branch of this
# repository that no pull request has started, and be named for that run.
set -euo pipefail

is_believed() { case "$1" in push | workflow_dispatch | repository_dispatch | schedule) ;; *) return 1 ;; esac; }
if ! is_believed "$GITHUB_EVENT_NAME" || [ "$GITHUB_REF" != "refs/heads/$BRANCH" ]; then
  echo "::error::A journal of this run, on $GITHUB_REF by $GITHUB_EVENT_NAME, would not be believed by the next one."
  exit 1
fi

repository="repos/$GITHUB_REPOSITORY"
work="$RUNNER_TEMP/journals"
mkdir -p "$work" "$JOURNAL"

# Of those from a fork, `head_branch` is the fork's branch.
gh api --paginate "$repository/actions/artifacts?per_page=100" \
  | jq -rs --arg target "$TARGET" --arg branch "$BRANCH" '
      .[].artifacts[]
      | select(.expired | not)
      | select(.workflow_run.head_branch == $branch)
      | select(.workflow_run.head_repository_id == .workflow_run.repository_id)
      | . as $artifact
      | ("apply", "journal") as $kind
      | select(.name | startswith("\($kind)-\($target)-"))
      | .name[("\($kind)-\($target)-" | length):]
      | capture("^(?<run>[0-9]+)-(?<attempt>[0-9]+)(?<suffix>(-.*)?)$")
      | select(.run == ($artifact.workflow_run.id | tostring))
      | [.run, .attempt, $kind, $artifact.id, .suffix] | join(" ")' \
  | sort -n > "$work/found"

trusted='' untrusted=''
is_trusted() { # by what started the run, which is asked once
  case " $trusted " in *" $1 "*) return 0 ;; esac
  case " $untrusted " in *" $1 "*) return 1 ;; esac
  # Where that is not known, this ends: what is passed over is not looked for.
  event=$(gh api "$repository/actions/runs/$1" | jq -r .event) || exit 1
  if is_believed "$event"; then trusted="$trusted $1"; else untrusted="$untrusted $1"; return 1; fi
}

begun='' ended='' count=0
while read -r run attempt kind id suffix; do
  if ! is_trusted "$run"; then continue; fi
  if [ "$suffix" = "$SUFFIX" ]; then
    if [ "$kind" = apply ]; then begun="$begun $run-$attempt"; else ended="$ended $run-$attempt "; fi
  fi
  if [ "$kind" = apply ]; then continue; fi
  gh api "$repository/actions/artifacts/$id/zip" > "$work/artifact.zip"
  rm -rf "$work/files"
  python3 -m zipfile -e "$work/artifact.zip" "$work/files"
  for file in "$work/files/journal/"*.jsonl; do
    # A journal only grows: where a later run has settled it, the longer one is the newer one.
    kept="$JOURNAL/${file##*/}"
    if [ -f "$file" ] && { [ ! -f "$kept" ] || [ "$(wc -c < "$file")" -gt "$(wc -c < "$kept")" ]; }; then
      cp "$file" "$kept"
    fi
  done
  count=$((count + 1))
done < "$work/found"

missing=''
for name in $begun; do
  case "$ended" in *" $name "*) ;; *) missing="$missing $name" ;; esac
done
echo "Journals of $count earlier applies are here.${missing:+ Without one:$missing.}"
echo "missing=${missing# }" >> "$GITHUB_OUTPUT"
mkdir -p "$work/begun" "$work/kept"
echo "$GITHUB_RUN_ID-$GITHUB_RUN_ATTEMPT" | tee "$work/begun/run.txt" > "$work/kept/run.txt"
touch "$work/fetched" # what is newer was written by this run

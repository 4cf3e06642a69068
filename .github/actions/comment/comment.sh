#!/usr/bin/env bash
# Writes the one comment on what a pull request does to the register, in place of the one before.
set -euo pipefail

repository="repos/$GITHUB_REPOSITORY"
top="$GITHUB_SERVER_URL/$GITHUB_REPOSITORY"
run="[run $GITHUB_RUN_ID]($top/actions/runs/$GITHUB_RUN_ID)"
commit="[\`${COMMIT:0:12}\`]($top/commit/$COMMIT)"
name() { printf %s "$1" | tr -c 'A-Za-z0-9_./-' '_'; }
# One comment for each folder and environment; whatever it says, the next run finds it by this.
mark="<!-- reconciler:pull-request:$(name "$FOLDER"):"
applied="<!-- reconciler:applied:$(name "$TARGET") -->"
if [ -z "$APPLIED" ]; then mark="$mark$(name "$TARGET") "; fi # an apply to prod is said where the plan for test stands

if [ -z "$NUMBER" ]; then
  NUMBER=$(gh api "$repository/commits/$COMMIT/pulls" \
    | jq -r --arg commit "$COMMIT" 'first(.[] | select(.merge_commit_sha == $commit and .merged_at) | .number) // ""')
  if [ -z "$NUMBER" ]; then echo "The commit was not merged by a pull request."; exit 0; fi
else
  head=$(gh api "$repository/pulls/$NUMBER" | jq -r .head.sha)
  if [ "$head" != "$COMMIT" ]; then
    echo "The pull request has a newer commit, whose run writes the comment."
    exit 0
  fi
fi

# Each page is an array of its own. A person may quote the mark, and nobody else's comment can be written.
gh api --paginate "$repository/issues/$NUMBER/comments" \
  | jq -s --arg mark "$mark" 'first(.[][] | select(.user.type == "Bot" and (.body | startswith($mark)))) // {}' \
  > "$RUNNER_TEMP/found.json"
found=$(jq -r '.id // ""' "$RUNNER_TEMP/found.json")
text="$RUNNER_TEMP/comment.md"
if [ -n "$APPLIED" ]; then
  if [ -z "$found" ]; then echo "The pull request has no comment on $TARGET."; exit 0; fi
  if [ "$APPLIED" = success ]; then said="**Applied** to \`$TARGET\` by $run, as of commit $commit."
  else said="**Not wholly applied** to \`$TARGET\`: $run says what was done, as of commit $commit."; fi
  # Below the hidden marks, in place of what an earlier apply said.
  jq -r .body "$RUNNER_TEMP/found.json" | tr -d '\r' | grep -vF "$applied" \
    | awk -v said="> $said $applied" '!done && !/^<!-- /{print said; print ""; done=1} {print}' > "$text"
elif [ -s "$FILE" ]; then
  { printf '%scommit=%s -->\n' "$mark" "$COMMIT"; cat "$FILE"; printf '\nCommit %s, %s.\n' "$commit" "$run"; } > "$text"
elif [ "$UNTOUCHED" = true ] && [ -z "$found" ]; then
  echo "No definition is touched, and there is no comment to replace."
  exit 0
else
  {
    printf '%scommit=%s -->\n## Plan for `%s`\n\n' "$mark" "$COMMIT" "$TARGET"
    if [ "$UNTOUCHED" = true ]; then echo 'No definition is touched.'
    else echo '**There is no plan for this commit.** The run says why.'; fi
    printf '\nCommit %s, %s.\n' "$commit" "$run"
  } > "$text"
fi

jq -n --rawfile body "$text" '{body: $body}' > "$RUNNER_TEMP/body.json"
if [ -n "$found" ]; then gh api --method PATCH "$repository/issues/comments/$found" --input "$RUNNER_TEMP/body.json"
else gh api --method POST "$repository/issues/$NUMBER/comments" --input "$RUNNER_TEMP/body.json"; fi > /dev/null

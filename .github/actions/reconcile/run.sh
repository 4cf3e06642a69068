#!/usr/bin/env bash
# Runs one verb of the program as a child, hands on the signals that ask a job to end, and ends as the program does.
set -euo pipefail

results="$RUNNER_TEMP/reconciler-results" # what is uploaded
comment="$results/comment.md"
sarif="$results/findings.sarif"
mkdir -p "$results"
words=()
case "$VERB" in
  validate) words=(validate --format github --format "markdown=$comment" --format "sarif=$sarif") ;;
  plan)
    words=(plan --format github --format "markdown=$comment" --format "html=$results/plan.html")
    if [ -n "$AGAINST" ]; then words+=(--against "$AGAINST")
    elif [ -n "$BASE" ]; then words+=(--base "$BASE" --format "json=$PLAN_FILE") # for reading: of what it touches
    else words+=(--out "$PLAN_FILE"); fi ;;
  apply)
    words=(apply "$PLAN_FILE" --yes --recover --patience "$PATIENCE" --journal "$JOURNAL")
    words+=(--report "$results/report.json")
    if [ -n "$TIP" ]; then words+=(--require-tip "$TIP"); fi
    if [ -n "$ACCEPT" ]; then words+=(--accept "$ACCEPT"); fi
    for run in $MISSING; do words+=(--expect-journal "$run"); done
    for run in $WITHOUT; do words+=(--without-journal "$run"); done ;;
  drift) words=(drift --format github --format "markdown=$comment" --format "html=$results/drift.html") ;;
  recover) words=(recover --patience "$PATIENCE" --journal "$JOURNAL") ;;
  verify) words=(verify "$PLAN_FILE") ;;
  rollback) words=(rollback "$UNDO" --journal "$JOURNAL" --out "$PLAN_FILE") ;;
  *) echo "::error::There is no verb of that name."; exit 2 ;;
esac
rm -f "$comment" # an earlier step of the same job may have left its own
if [ "$VERB" = validate ]; then rm -f "$sarif"; fi
for name in RECONCILER_ENVIRONMENT MASKINPORTEN_CLIENT_ID MASKINPORTEN_CLIENT_JWK; do
  if [ -z "${!name}" ]; then unset "$name"; fi # an input that was left out
done
if [ "$VERB" = validate ]; then unset RECONCILER_ENVIRONMENT; fi # it checks for every environment

# SIGTERM for both: a shell's child in the background ignores SIGINT.
signals=0 child=''
trap 'signals=$((signals + 1)); if [ -n "$child" ]; then kill -TERM "$child" 2>/dev/null || true; fi' INT TERM
"$RUNNER_TEMP/reconciler/bin/reconciler" "${words[@]}" &
child=$!
if [ "$signals" -gt 0 ]; then kill -TERM "$child" 2>/dev/null || true; fi
while true; do # a signal ends `wait`, and not the program
  before=$signals code=0
  wait "$child" || code=$?
  if [ "$signals" -eq "$before" ]; then break; fi
done

{
  echo "exit-code=$code"
  if [ -s "$comment" ]; then echo "comment=$comment"; fi
  if [ -s "$sarif" ]; then echo "sarif=$sarif"; fi
} >> "$GITHUB_OUTPUT"
if [ "$VERB" = plan ] && [ -f "$PLAN_FILE" ]; then cp "$PLAN_FILE" "$results/plan.json"; fi
if [ "$VERB" = drift ] && [ "$code" -eq 3 ]; then code=0; fi # what is done about drift is the caller's
exit "$code"

#!/usr/bin/env bash
# Applies a saved plan where each job begins on an empty machine. Usage: apply.sh PLANFILE KEPT
#
# It fetches the journals of earlier applies, has what they left open settled, refuses what is not the newest commit
# of the deployed branch, and hands on the signals that ask a job to end. In the environment: RECONCILER is how the
# program is started, TARGET the environment, FOLDER where the definitions are, PATIENCE how many seconds a write
# without an answer may still take. What has to be kept, whatever happens, is in KEPT: `journal/`, `report.json`, and
# `evidence.zip`, which holds all that proves this run.
set -euo pipefail

plan=$1 kept=$2
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
mkdir -p "$kept/journal"
rm -f "$kept/evidence.zip" # where the folder lasts, it is that of an earlier run
date -u > "$kept/journal/begun.txt" # a run that keeps nothing at all is one whose journal is lost
env -u MASKINPORTEN_CLIENT_ID -u MASKINPORTEN_CLIENT_JWK python3 "$here/journals.py" "$kept/journal"
unset CI_JOB_TOKEN JOURNALS_TOKEN SYSTEM_ACCESSTOKEN

words=(apply "$plan" --root "${FOLDER:-.}" --environment "$TARGET" --yes --recover --require-tip "origin/${DEPLOYED_BRANCH:-main}")
words+=(--journal "$kept/journal" --report "$kept/report.json" --patience "${PATIENCE:-60}")
if [ -n "${ACCEPT:-}" ]; then words+=(--accept "$ACCEPT"); fi
while read -r run; do words+=(--expect-journal "$run"); done < "$kept/journal/lost.txt"
for run in ${WITHOUT_JOURNAL:-}; do words+=(--without-journal "$run"); done

# SIGTERM for both: a shell's child in the background ignores SIGINT.
signals=0 child=''
trap 'signals=$((signals + 1)); if [ -n "$child" ]; then kill -TERM "$child" 2>/dev/null || true; fi' INT TERM
if [ -x "$RECONCILER" ]; then program=("$RECONCILER"); else read -ra program <<< "$RECONCILER"; fi
"${program[@]}" "${words[@]}" &
child=$!
if [ "$signals" -gt 0 ]; then kill -TERM "$child" 2>/dev/null || true; fi
while true; do # a signal ends `wait`, and not the program
  before=$signals code=0
  wait "$child" || code=$?
  if [ "$signals" -eq "$before" ]; then break; fi
done
child=''

# A run that came to writing has kept its plan beside its journal, also where it was cut off.
unset MASKINPORTEN_CLIENT_ID MASKINPORTEN_CLIENT_JWK
find "$kept/journal" -name '*.plan.json' -newer "$kept/journal/begun.txt" -exec basename {} .plan.json \; | while read -r run; do
  "${program[@]}" evidence "$run" --journal "$kept/journal" --root "${FOLDER:-.}" --out "$kept/evidence.zip" || true
done
exit "$code"

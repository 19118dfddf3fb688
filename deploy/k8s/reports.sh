#!/usr/bin/env bash
# The reports of all pods, and one report that is their sum.
set -uo pipefail

usage() {
  cat <<'EOF'
Examples:
  reports.sh                                    reports/POD.json of every pod, and their sum as text
  reports.sh --format html --output report.html
  reports.sh --keep evidence/2026-11-23 -n shop -l app=orders-legacy

The sum is made by `banyan report merge` on this machine; without a banyan here the files of the pods
are left, to be merged elsewhere.

Options:
  -n, --namespace NAME   (default: that of kubectl's context)
  -l, --selector LABELS  which pods (default: banyan, every pod that has the label)
  -c, --container NAME   (default: banyan)
  --keep FOLDER          for the files of the pods (default: reports)
  --timeout SECONDS      for each call of kubectl (default: 60)
  --format NAME          text, json, html, markdown or junit (default: text)
  -o, --output FILE      (default: stdout)

Exit codes: 0 done · 1 of some pod there is no report: the sum lacks it · 2 wrong usage, or a program is
missing.

Needs bash 4.4, kubectl and `timeout` of GNU coreutils (also as `gtimeout`).
EOF
}

fail() { printf 'reports.sh: %s\n' "$*" >&2; exit "${code:-1}"; }

((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 404)) ||
  code=2 fail "needs bash 4.4 or newer, this is $BASH_VERSION (macOS: brew install bash)"

namespace=() selector=banyan container=banyan folder=reports format=text patience=60 output=()
while (($#)); do
  case "$1" in
    -n | --namespace | -l | --selector | -c | --container | --keep | --format | -o | --output | --timeout)
      [[ -n ${2:-} ]] || code=2 fail "$1 takes a value"
      case "$1" in
        -n | --namespace) namespace=(--namespace "$2") ;;
        -l | --selector) selector=$2 ;;
        -c | --container) container=$2 ;;
        --keep) folder=$2 ;;
        --format) format=$2 ;;
        --timeout) patience=$2 ;;
        -o | --output) output=(-o "$2") ;;
      esac
      shift ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; code=2 fail "unknown option: $1" ;;
  esac
  shift
done

[[ $patience =~ ^[1-9][0-9]{0,3}$ ]] || code=2 fail "not a number of seconds: $patience"
command -v kubectl >/dev/null || code=2 fail "needs kubectl"
timeout=$(command -v timeout || command -v gtimeout) ||
  code=2 fail "needs timeout of GNU coreutils (macOS: brew install coreutils)"
k() { "$timeout" "$patience" kubectl "${namespace[@]}" "$@"; }

pods=$(k get pods --selector "$selector" --field-selector status.phase=Running --output name) ||
  fail "the pods can not be listed"
[[ -n $pods ]] || fail "no running pod has the label(s) $selector"
mkdir -p "$folder" || exit 1

result=0 files=()
for pod in $pods; do
  file=$folder/${pod##*/}.json
  if k exec "$pod" --container "$container" -- banyan report --format json >"$file.new" </dev/null; then
    mv "$file.new" "$file"
    files+=("$file")
    printf '%s: %s\n' "$pod" "$file" >&2
  else
    rm -f "$file.new"
    printf '%s: NO REPORT\n' "$pod" >&2
    result=1
  fi
done
((${#files[@]})) || exit 1
if ! command -v banyan >/dev/null; then
  printf 'reports.sh: no banyan on this machine: merge with\n    banyan report merge %s\n' "${files[*]}" >&2
  exit "$result"
fi
banyan report merge "${files[@]}" --format "$format" "${output[@]}" || result=1
exit "$result"

#!/usr/bin/env bash
# A rollback of a whole workload: every pod that runs, now, and every pod to come.
set -uo pipefail

usage() {
  cat <<'EOF'
Examples:
  rollback.sh orders                       what follows the flag `orders` is served by legacy
  rollback.sh --all --reason 'prices are wrong'
  rollback.sh -n shop -l app=orders-legacy orders
  rollback.sh --rearm orders               the other way: pods to come, then every pod that runs

1. Every running pod is asked, all at once, through its admin port (kubectl exec); the result of each
   is told. 2. The flags are disabled in the key rollback.json of the flag ConfigMap, which pods to come
   start with. 3. Pods that have come meanwhile are asked as well.

Options:
  -n, --namespace NAME   (default: that of kubectl's context)
  -l, --selector LABELS  which pods (default: banyan, every pod that has the label)
  -c, --container NAME   (default: banyan)
  --configmap NAME       (default: banyan-flags)
  --reason TEXT          for status and the audit log of each pod
  --timeout SECONDS      for each call of kubectl (default: 30); a node that is gone answers nothing
  --all                  everything: whatever flags the pods follow, each its own

Exit codes: 0 done · 1 somewhere it failed: ask again · 2 wrong usage · 4 in force everywhere, but some
pod could not write it to its disk.
EOF
}

fail() { printf 'rollback.sh: %s\n' "$*" >&2; exit "${code:-1}"; }
say() { printf '%s\n' "$*"; }

namespace=() selector=banyan container=banyan configmap=banyan-flags
reason="rollback.sh by ${USER:-somebody}"
patience=30 all=false rearm=false flags=()
while (($#)); do
  case "$1" in
    -n | --namespace | -l | --selector | -c | --container | --configmap | --reason | --timeout)
      [[ -n ${2:-} ]] || code=2 fail "$1 takes a value"
      case "$1" in
        -n | --namespace) namespace=(--namespace "$2") ;;
        -l | --selector) selector=$2 ;;
        -c | --container) container=$2 ;;
        --configmap) configmap=$2 ;;
        --reason) reason=$2 ;;
        --timeout) patience=$2 ;;
      esac
      shift ;;
    --all) all=true ;;
    --rearm) rearm=true ;;
    -h | --help) usage; exit 0 ;;
    -*) usage >&2; code=2 fail "unknown option: $1" ;;
    *) flags+=("$1") ;;
  esac
  shift
done
if $all && $rearm; then code=2 fail "name the flags that are to be followed again"; fi
if $all && ((${#flags[@]})); then code=2 fail "either flags or --all"; fi
if ! $all && ! ((${#flags[@]})); then usage >&2; code=2 fail "no flag is named"; fi
can_be_written() { [[ $1 =~ ^[A-Za-z0-9._/:@+-]{1,128}$ ]]; }  # into JSON as it is
for flag in "${flags[@]}"; do
  can_be_written "$flag" || code=2 fail "not the name of a flag: $flag"
done

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

[[ $patience =~ ^[1-9][0-9]{0,3}$ ]] || code=2 fail "not a number of seconds: $patience"
k() { timeout "$patience" kubectl "${namespace[@]}" "$@"; }
# Those that end, too: they still serve.
running_pods() {
  k get pods --selector "$selector" --field-selector status.phase=Running --output name
}
in_pod() {  # POD BANYAN-ARGUMENT…
  local pod=$1
  shift
  k exec "$pod" --container "$container" -- banyan "$@" </dev/null
}
# shellcheck disable=SC2317  # those below are called by their names
# The first column of what a command prints, without its heading.
first_column() { awk 'NR == 1 { next } NF == 0 { exit } { print $1 }'; }

pods=$(running_pods) || fail "the pods can not be listed: nothing was done"
[[ -n $pods ]] || fail "no running pod has the label(s) $selector: nothing was done"

worst=0
note() {  # EXIT-CODE: 1 outranks 4
  if (($1 != 0)) && ((worst != 1)); then if (($1 == 4)); then worst=4; else worst=1; fi; fi
}

# Which flags there are is asked second: pods of several services follow different ones.
roll_back_all_of_pod() {  # POD
  local code
  in_pod "$1" rollback --all --reason "$reason"
  code=$?
  ((code != 124)) || return 124
  in_pod "$1" flag list | first_column >"$scratch/flags.${1//\//_}" || return 1
  return "$code"
}

# A pod of another service does not follow every flag.
no_such_flag=5
roll_back_pod() {  # POD
  local flag text code result=0 known=false
  for flag in "${flags[@]}"; do
    text=$(in_pod "$1" rollback --flag "$flag" --reason "$reason" 2>&1)
    code=$?
    printf '%s\n' "$text"
    if ((code == 1)) && [[ $text == *"there is no such flag"* ]]; then continue; fi
    known=true
    case "$code" in
      0) ;;
      124) return 124 ;;  # nor would it answer the next one
      4) if ((result == 0)); then result=4; fi ;;
      *) result=1 ;;
    esac
  done
  $known || return "$no_such_flag"
  return "$result"
}

# Migrations are rearmed by their names; `status` tells which follow the flags and are rolled back.
rearm_pod() {  # POD
  local text name names result=0
  text=$(in_pod "$1" status --format json) || return 1
  mapfile -t names < <(migrations_of "$text")
  for name in "${names[@]}"; do
    in_pod "$1" rearm "$name" --reason "$reason" || result=1
  done
  return "$result"
}

migrations_of() {  # STATUS-JSON: the list "migrations" of every flag that was named
  local flag
  for flag in "${flags[@]}"; do
    flag=$flag awk '
      /^  "flags": \[/ { inside = 1 }
      inside && /^  \]/ { inside = 0 }
      inside && /^      "migrations": \[$/ { count = 0; list = 1; next }
      list && /^      \]/ { list = 0; next }
      list { gsub(/[ ",]/, ""); names[count++] = $0 }
      inside && /^      "name": / {
        value = $0; sub(/^      "name": "/, "", value); sub(/",?$/, "", value)
        if (value == ENVIRON["flag"]) for (i = 0; i < count; i++) print names[i]
        count = 0
      }' <<<"$1"
  done
}

asked="" somebody=false
# Asks those of the given pods that were not asked yet, all at once, and tells what each said.
ask() {  # FUNCTION POD…
  local what=$1 pod file code
  shift
  local new=()
  for pod in "$@"; do
    [[ $asked == *" $pod "* ]] || new+=("$pod")
  done
  for pod in "${new[@]}"; do
    asked+=" $pod "
    file=$scratch/${pod//\//_}
    { "$what" "$pod" >"$file" 2>&1; echo $? >"$file.code"; } &
  done
  wait
  for pod in "${new[@]}"; do
    file=$scratch/${pod//\//_}
    code=$(<"$file.code")
    if ((code != no_such_flag)); then
      note "$code"
      somebody=true
    fi
    case "$code" in
      0) say "$pod: done" ;;
      "$no_such_flag") say "$pod: does not follow ${flags[*]}" ;;
      4) say "$pod: in force, but not on its disk" ;;
      124) say "$pod: FAILED, no answer in $patience s" ;;
      *) say "$pod: FAILED" ;;
    esac
    sed 's/^/    /' "$file"
  done
}

# One line for each flag, so that the next call finds the ones that are there.
rollback_json() {  # FLAG…
  local flag comma=""
  printf '{"flags": {\n'
  for flag in "$@"; do
    printf '%s"%s": {"state": "DISABLED", "variants": {"legacy": "legacy"}, "defaultVariant": "legacy"}' \
      "$comma" "$flag"
    comma=$',\n'
  done
  printf '\n}}\n'
}

write_configmap() {
  local text version there flag kept=()
  text=$(k get configmap "$configmap" --output 'jsonpath={.data.rollback\.json}') || return 1
  version=$(k get configmap "$configmap" --output 'jsonpath={.metadata.resourceVersion}') || return 1
  [[ -n $text ]] || { say "configmap/$configmap has no key rollback.json" >&2; return 1; }
  mapfile -t there < <(sed -n 's/^"\([^"]*\)": {"state": "DISABLED".*/\1/p' <<<"$text")
  for flag in "${there[@]}"; do
    [[ " ${flags[*]} " == *" $flag "* ]] || kept+=("$flag")
  done
  if ! $rearm; then kept+=("${flags[@]}"); fi
  # As JSON text in JSON. The version makes the API refuse it if somebody was faster.
  text=$(rollback_json "${kept[@]}" | sed 's/\\/\\\\/g; s/"/\\"/g' | awk '{ printf "%s\\n", $0 }')
  k patch configmap "$configmap" --type merge --field-manager banyan-rollback --patch \
    "{\"metadata\": {\"resourceVersion\": \"$version\"}, \"data\": {\"rollback.json\": \"$text\"}}"
}

configmap_for_pods_to_come() {
  local attempt
  for attempt in 1 2 3; do
    if write_configmap; then
      say "configmap/$configmap: pods to come $($rearm && echo "follow ${flags[*]} again" || echo "are on legacy for ${flags[*]}")"
      return
    fi
  done
  say "configmap/$configmap: FAILED, pods to come would not know"
  note 1
}

if $rearm; then
  configmap_for_pods_to_come
  ((worst == 0)) || exit "$worst"
  # shellcheck disable=SC2086
  ask rearm_pod $pods
  exit "$worst"
fi

roll_back=roll_back_pod
if $all; then roll_back=roll_back_all_of_pod; fi
# shellcheck disable=SC2086
ask "$roll_back" $pods
$somebody || fail "no pod follows ${flags[*]}: nothing was done"
if $all; then
  while read -r flag; do
    if can_be_written "$flag"; then
      flags+=("$flag")
    else
      say "the flag $flag can not be written by this script: put it into the ConfigMap by hand"
      note 1
    fi
  done < <(sort -u "$scratch"/flags.*)
  ((${#flags[@]})) || fail "no pod says which flags there are: the pods to come would not know"
fi
configmap_for_pods_to_come
for _ in 1 2 3; do
  if ! pods=$(running_pods); then
    say "the pods can not be listed again: some may have come meanwhile"
    note 1
    break
  fi
  before=$asked
  # shellcheck disable=SC2086
  ask "$roll_back" $pods
  [[ $asked != "$before" ]] || break
done
if ((worst == 1)); then say "NOT DONE everywhere: run it again, or delete the pods that failed"; fi
say "Put it into your repository as well: applying an older rollback.json would undo it for pods to come."
exit "$worst"

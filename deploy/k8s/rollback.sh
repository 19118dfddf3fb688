#!/usr/bin/env bash
# A rollback of a whole workload: every pod that runs, now, and every pod to come.
# shellcheck disable=SC2317  # what a pod is asked is called by its name
set -uo pipefail

usage() {
  cat <<'EOF'
Examples:
  rollback.sh orders                       what follows the flag `orders` is served by legacy
  rollback.sh --all --reason 'prices are wrong'
  rollback.sh -n shop -l app=orders-legacy orders
  rollback.sh --rearm orders               the other way: pods to come, then every pod that runs

1. Every pod whose Banyan runs is asked, all at once, through its admin port (kubectl exec); the result
   of each is told. 2. The flags are disabled in the key rollback.json of the flag ConfigMap, which pods
   to come start with. 3. Pods that have come meanwhile are asked as well, and those that are about to
   start are waited for: they may have got the ConfigMap as it was before.

Options:
  -n, --namespace NAME   (default: that of kubectl's context)
  -l, --selector LABELS  which pods (default: banyan, every pod that has the label)
  -c, --container NAME   (default: banyan)
  --configmap NAME       (default: banyan-flags)
  --reason TEXT          for status and the audit log of each pod
  --timeout SECONDS      for each call of kubectl, and for pods that are about to start (default: 30)
  --all                  everything: whatever flags the pods follow, each its own

Exit codes: 0 done · 1 somewhere it failed, or is not known: run it again · 2 wrong usage, or a program is
missing · 4 in force everywhere, but some pod could not write it to its disk.

Needs bash 4.4, kubectl and `timeout` of GNU coreutils (also as `gtimeout`).
EOF
}

fail() { printf 'rollback.sh: %s\n' "$*" >&2; exit "${code:-1}"; }
say() { printf '%s\n' "$*"; }

((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 404)) ||
  code=2 fail "needs bash 4.4 or newer, this is $BASH_VERSION (macOS: brew install bash)"

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
    *) [[ " ${flags[*]} " == *" $1 "* ]] || flags+=("$1") ;;
  esac
  shift
done
if $all && $rearm; then code=2 fail "name the flags that are to be followed again"; fi
if $all && ((${#flags[@]})); then code=2 fail "either flags or --all"; fi
if ! $all && ! ((${#flags[@]})); then usage >&2; code=2 fail "no flag is named"; fi
flag_name='[A-Za-z0-9._/:@+-]{1,128}'  # of a flag that can be written into JSON as it is
can_be_written() { [[ $1 =~ ^$flag_name$ ]]; }
for flag in "${flags[@]}"; do
  can_be_written "$flag" || code=2 fail "not the name of a flag: $flag"
done

[[ $patience =~ ^[1-9][0-9]{0,3}$ ]] || code=2 fail "not a number of seconds: $patience"
[[ $container =~ ^[a-z0-9-]{1,63}$ ]] || code=2 fail "not the name of a container: $container"
command -v kubectl >/dev/null || code=2 fail "needs kubectl"
timeout=$(command -v timeout || command -v gtimeout) ||
  code=2 fail "needs timeout of GNU coreutils (macOS: brew install coreutils)"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

k() { "$timeout" "$patience" kubectl "${namespace[@]}" "$@"; }

# Not by the phase: in a pod that is Pending a sidecar may run already. Those that end are asked, too:
# they still serve. Without a node a pod has no volumes yet, and starts with the ConfigMap as it will be.
ours="[?(@.name==\"$container\")].state.running.startedAt"
columns="{range .items[*]}pod/{.metadata.name} node={.spec.nodeName}"
columns+=" began={.status.initContainerStatuses$ours}{.status.containerStatuses$ours}"
columns+=' end={.metadata.deletionTimestamp}{"\n"}{end}'
running=() coming=()
look_for_pods() {  # fills running, and coming: on a node, and Banyan does not run in it yet
  local text pod node began end
  text=$(k get pods --selector "$selector" --field-selector 'status.phase!=Succeeded,status.phase!=Failed' \
    --output "jsonpath=$columns") || return 1
  running=() coming=()
  while read -r pod node began end; do
    if [[ -z $pod ]]; then continue; fi
    if [[ $began != began= ]]; then
      running+=("$pod")
    elif [[ $node != node= && $end == end= ]]; then
      coming+=("$pod")
    fi
  done <<<"$text"
}
in_pod() {  # POD BANYAN-ARGUMENT…
  local pod=$1
  shift
  k exec "$pod" --container "$container" -- banyan "$@" </dev/null
}
# The first column of what a command prints, without its heading.
first_column() { awk 'NR == 1 { next } NF == 0 { exit } { print $1 }'; }

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

entry() {  # FLAG
  printf '"%s": {"state": "DISABLED", "variants": {"legacy": "legacy"}, "defaultVariant": "legacy"}' "$1"
}

# Without flags, byte for byte what the repository ships: so that applying that is no conflict.
rollback_json() {  # FLAG…
  local flag comma=""
  (($#)) || { printf '{"flags": {}}\n'; return; }
  printf '{"flags": {\n'
  for flag in "$@"; do
    printf '%s%s' "$comma" "$(entry "$flag")"
    comma=$',\n'
  done
  printf '\n}}\n'
}

compact() { grep -oE '"[^"]*"|[^[:space:]]' | tr -d '\n'; }  # JSON without what stands between its tokens

refused=2
write_configmap() {
  local both version text there flag kept=()
  # In one answer: what is written is made of just the text that this version has.
  both=$(k get configmap "$configmap" \
    --output 'jsonpath={.metadata.resourceVersion} {.data.rollback\.json}') || return 1
  version=${both%% *}
  text=$(compact <<<"${both#* }")
  mapfile -t there < <(grep -oE "\"$flag_name\":\{\"state\":\"DISABLED\"" <<<"$text" | cut -d '"' -f 2)
  [[ $(rollback_json "${there[@]}" | compact) == "$text" ]] || return "$refused"
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
  local result flag
  for _ in 1 2 3 4 5; do
    write_configmap
    result=$?
    if ((result == 0)); then
      say "configmap/$configmap: pods to come $($rearm && echo "follow ${flags[*]} again" || echo "are on legacy for ${flags[*]}")"
      return
    fi
    ((result != refused)) || break
  done
  note 1
  say "configmap/$configmap: FAILED, pods to come would not know"
  ((result == refused)) || return
  say "    Its key rollback.json is not what this script writes, and was left as it is. By hand (kubectl"
  say "    edit configmap $configmap): $($rearm && echo "take out ${flags[*]}" || echo 'put into its "flags"')"
  if ! $rearm; then for flag in "${flags[@]}"; do say "    $(entry "$flag")"; done; fi
}

if $rearm; then
  look_for_pods || fail "the pods can not be listed: nothing was done"
  ((${#running[@]})) || fail "no pod with the label(s) $selector runs: nothing was done"
  configmap_for_pods_to_come
  ((worst == 0)) || exit "$worst"
  ask rearm_pod "${running[@]}"
  exit "$worst"
fi

roll_back=roll_back_pod
if $all; then roll_back=roll_back_all_of_pod; fi
if ! look_for_pods; then
  say "the pods can not be listed: NONE of those that run was asked"
  note 1
elif ((${#running[@]} == 0)); then
  say "no pod with the label(s) $selector runs: none was asked"
  note 1
fi
ask "$roll_back" "${running[@]}"
if ((${#running[@]} && ${#coming[@]} == 0)) && ! $somebody; then
  fail "no pod follows ${flags[*]}: nothing was done"
fi
if $all; then
  while read -r flag; do
    if can_be_written "$flag"; then
      flags+=("$flag")
    else
      say "the flag $flag can not be written by this script: put it into the ConfigMap by hand"
      note 1
    fi
  done < <(cat "$scratch"/flags.* 2>/dev/null | sort -u)
  ((${#flags[@]})) || fail "no pod says which flags there are: name them, or the pods to come will not know"
fi
configmap_for_pods_to_come

# A pod without a node starts with what was just written; one that has a node may have the text before.
ask_those_that_have_come() {
  local pod awaited still deadline=$((SECONDS + patience))
  look_for_pods || return 1
  ask "$roll_back" "${running[@]}"
  awaited=("${coming[@]}")
  while ((${#awaited[@]} && SECONDS < deadline)); do
    sleep 1
    look_for_pods || return 1
    ask "$roll_back" "${running[@]}"
    still=()
    for pod in "${awaited[@]}"; do
      [[ " ${coming[*]} " != *" $pod "* ]] || still+=("$pod")
    done
    awaited=("${still[@]}")
  done
  for pod in "${awaited[@]}"; do
    say "$pod: NOT KNOWN, its Banyan does not run yet and may start with the ConfigMap as it was"
    note 1
  done
}

if ! ask_those_that_have_come; then
  say "the pods can not be listed: some may have come meanwhile"
  note 1
fi
if ((worst == 1)); then say "NOT DONE everywhere: run it again, or delete the pods that failed"; fi
say "Put it into your repository as well, since applying an older rollback.json would undo it:"
say "    kubectl ${namespace[*]}${namespace:+ }get configmap $configmap --output 'jsonpath={.data.rollback\.json}' >rollback.json"
exit "$worst"

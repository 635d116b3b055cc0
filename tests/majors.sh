#!/usr/bin/env bash
# Runs the tests with several PostgreSQLs, one after the other, and adds up: tests/majors.sh RUN...
#
# A RUN is `own`, the PostgreSQL that the build is for, or a major version, of which the system's own is taken or one out of packages; after a
# colon, the suites that it runs, with commas between them (all of them without it). One that comes again with the same suites runs once.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
target=${CARGO_TARGET_DIR:?run this through make}
own=$("${PG_CONFIG:?}" --version | sed -nE 's/^PostgreSQL ([0-9]+).*/\1/p')

total_passed=0 total_failed=0
summary=() failures=()
done_runs=" "

# run MAJOR SUITES PG_CONFIG RESULTS
run() {
    local passed=0 failed=1 status=0
    echo "==> PostgreSQL $1"
    mkdir -p "$4"
    rm -f "$4/counts"
    # Whoever reads the end of a long run finds there what failed.
    make --no-print-directory test-run PG_CONFIG="$3" RESULTS="$4" ${2:+SUITES="$2"} 2>&1 | tee "$4/run.log" || status=$?
    mapfile -O "${#failures[@]}" -t failures < <(grep -E '^ *not ok - |^    [a-z_0-9:]+$' "$4/run.log" | sort -u)
    if [[ -s $4/counts ]]; then read -r passed failed <"$4/counts"; fi
    if ((status != 0 && failed == 0)); then failed=1; fi
    total_passed=$((total_passed + passed)) total_failed=$((total_failed + failed))
    summary+=("$(printf 'PostgreSQL %s %5d passed %5d failed' "$1" "$passed" "$failed")")
}

# pg_config_of MAJOR: that of the build, of the system, or of packages.
pg_config_of() { if [[ $1 == "$own" ]]; then echo "$PG_CONFIG"; else scripts/postgresql.sh find "$1"; fi; }

parts=("$@")
for place in "${!parts[@]}"; do
    part=${parts[place]}
    major=${part%%:*} suites='' next=
    if [[ $part == *:* ]]; then suites=$(tr ',' ' ' <<<"${part#*:}"); fi
    if [[ $major == own ]]; then major=$own; fi
    if [[ $done_runs == *" $major:$suites "* || $done_runs == *" $major: "* ]]; then continue; fi
    done_runs+="$major:$suites "
    following=${parts[place + 1]:-}
    if [[ $following == *:quick-build,* && ${following%%:*} != "$major" ]]; then next=$(pg_config_of "${following%%:*}") || next=; fi
    results=$target/test
    if [[ $major != "$own" ]]; then results+=-$major; fi
    if pg_config=$(pg_config_of "$major"); then
        NEXT=$next run "$major" "$suites" "$pg_config" "$results"
    else
        total_failed=$((total_failed + 1))
        summary+=("PostgreSQL $major is not there")
    fi
done

if [[ ${#summary[@]} -gt 1 ]]; then
    printf '\n%s' "${summary[@]}" ${failures[@]+"" "${failures[@]}"}
    printf '\n\n%s passed, %s failed\n' "$total_passed" "$total_failed"
fi
((total_failed == 0))

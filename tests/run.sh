#!/usr/bin/env bash
# Runs every test and says at the end how many passed and how many failed. `make test` calls it.
#
#   SUITES   which suites, of: build schema unit fuzz regress isolation clients demo (all of them without it); and quick-build, instead of build
#   TESTS    which SQL tests, by name (all of them without it)
#   FUZZ_SECONDS, FUZZ_SEED   how long each target is fuzzed, and from which seed
#   LANES   how many tests run beside each other (2), each lane on a cluster of its own
#   NEXT   the pg_config of the PostgreSQL that is tested after this one, with quick-build: the library is built for it meanwhile
#   RESULTS   the folder for results and logs (<target>/test)
#   PG_CONFIG, CARGO_TARGET_DIR, CARGO_OPTIONS   as the Makefile sets them
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
repository=$PWD

read -r -a suites <<<"${SUITES:-build schema unit fuzz regress isolation clients demo}"
read -r -a options <<<"${CARGO_OPTIONS:?run this through make test}"
target=${CARGO_TARGET_DIR:-$repository/target}
[[ $target == /* ]] || target=$repository/$target
export RESULTS=${RESULTS:-$target/test}
results=$RESULTS
export CARGO_TARGET_DIR=$target
export PG_CONFIG
export PGRX_PG_CONFIG_PATH=$PG_CONFIG
tools=$(dirname "$("$PG_CONFIG" --pgxs)")/../test
bin=$("$PG_CONFIG" --bindir)
major=$("$PG_CONFIG" --version | sed -nE 's/^PostgreSQL ([0-9]+).*/\1/p')

mkdir -p "$results"
# `make accept` takes what this run prints, and nothing of a run before it.
rm -rf -- "$results"/{pg_regress,isolation,docs}
total_passed=0 total_failed=0 suite_began=0
summary=()

# tally SUITE PASSED FAILED [NOTE]: with the seconds since the suite began.
tally() {
    total_passed=$((total_passed + $2))
    total_failed=$((total_failed + $3))
    summary+=("$(printf '%-11s %5d passed %5d failed %5d s%s' "$1" "$2" "$3" "$((SECONDS - suite_began))" "${4:+  ($4)}")")
}

# verdict NAME COMMAND...: runs one check of a suite, prints its line and counts it in passed or failed.
verdict() {
    local name=$1
    shift
    if "$@"; then
        echo "ok - $name"
        passed=$((passed + 1))
    else
        echo "not ok - $name"
        failed=$((failed + 1))
    fi
}

# What answers are does not hang on how the extension's own crate is optimised, whose code is most of what a build compiles: so tests of answers
# alone compile it in a third of the time.
quick_options="--config profile.release.package.assay.opt-level=1"

quick-build_suite() {
    local passed=0 failed=0
    verdict "it builds and installs, optimised little" make --no-print-directory install CARGO_FLAGS="${CARGO_FLAGS:-} $quick_options"
    tally quick-build "$passed" "$failed"
}

matches() { grep -cE "$1" "$2" || true; }

build_suite() {
    local passed=0 failed=0
    verdict "a release builds and installs" make --no-print-directory install
    tally build "$passed" "$failed"
}

schema_is_current() {
    local twice
    twice=$(cd sql && printf '%s\n' [0-9]*.sql | cut -d - -f 1 | uniq -d | xargs)
    [[ -z $twice ]] || { echo "two files of sql/ have the number $twice: their order would hang on their names"; return 1; }
    make --no-print-directory schema SCHEMA="$results/schema.sql" || return 1
    cmp "$results/schema.sql" "$(install_script)" || { echo "sql/ has changed since: run make schema"; return 1; }
}

install_script() { echo "sql/install/assay--$(control_version).sql"; }
control_version() { sed -nE "s/^default_version = '(.*)'/\1/p" assay.control; }
cargo_version() { sed -nE '/^\[workspace.package\]/,/^\[workspace.dep/s/^version = "(.*)"/\1/p' Cargo.toml; }

versions_agree() {
    local version dbt
    version=$(control_version) dbt=$(sed -nE 's/^version: //p' sql/dbt/dbt_project.yml)
    [[ $version == "$(cargo_version)" && $version == "$dbt" ]] ||
        { echo "assay.control says $version, Cargo.toml $(cargo_version), sql/dbt/dbt_project.yml $dbt"; return 1; }
    grep -qF "## [$version]" CHANGELOG.md || { echo "CHANGELOG.md has no section for $version"; return 1; }
}

# Every C symbol that a script declares, with the record of its calling convention, is in the library: those of older releases, too.
symbols_are_there() {
    local missing scripts=(sql/install/assay--*.sql sql/assay--*--*.sql)
    # One declaration a line, or this check would not see it.
    [[ $(cat "${scripts[@]}" | grep -c MODULE_PATHNAME) == $(cat "${scripts[@]}" | grep -cE "'MODULE_PATHNAME', *'[^']+'") ]] ||
        { echo "a MODULE_PATHNAME without a symbol on the same line"; return 1; }
    cat "${scripts[@]}" | sed -nE "s/.*'MODULE_PATHNAME', *'([^']+)'.*/\1\npg_finfo_\1/p" | sort -u >"$results/symbols.declared"
    nm -D --defined-only "$target/release/libassay.so" | awk '{ print $NF }' | sort -u >"$results/symbols.built"
    [[ -s $results/symbols.declared ]] || { echo "no function declared"; return 1; }
    missing=$(comm -23 "$results/symbols.declared" "$results/symbols.built")
    [[ -z $missing ]] || { printf 'declared, but not in the library:\n%s\n' "$missing"; return 1; }
}

# pgrx's own texts and JSON take the database's bytes for UTF-8; those of pg::text are converted.
texts_are_converted() {
    local found
    found=$(find src -name '*.rs' -exec awk '/#\[pg_extern/ { inside = 1 } inside { print FILENAME ": " $0 } /\{$/ { inside = 0 }' {} + |
        grep -E '&str|\<String\>|pgrx::JsonB' || true)
    [[ -z $found ]] || { printf 'not converted at the border:\n%s\n' "$found"; return 1; }
}

# What `make package` puts beside the library, from Cargo.lock: every crate has a licence that deny.toml allows, and its text is found.
notices_are_complete() { scripts/notices.py "pg$major" >"$results/notices"; }

schema_suite() {
    local passed=0 failed=0
    verdict "the install script is current" schema_is_current
    verdict "the control file, Cargo.toml, the dbt package and the changelog are of one version" versions_agree
    verdict "META.json is valid and of this version" tests/pgxn.py "$(control_version)"
    verdict "every declared symbol is in the library" symbols_are_there
    verdict "SQL with the extension's rights leaves nothing to a search path" tests/qualified.py
    verdict "texts are converted at the border" texts_are_converted
    verdict "the notices of what is compiled in are complete" notices_are_complete
    tally schema "$passed" "$failed"
}

unit_suite() {
    local log=$results/unit.log counts
    # What the tests of the extension's own crate say does not hang on how it is optimised, and compiling it again would be a fifth of a whole run.
    local options=("${options[@]}" --config 'profile.release.package.assay.opt-level=0')
    if ! cargo test --workspace --lib --no-run "${options[@]}"; then
        tally unit 0 1 "did not compile"
        return
    fi
    cargo test --workspace --lib --quiet --no-fail-fast "${options[@]}" >"$log" 2>&1 || sed -n '/^failures:/,$p' "$log"
    # One line for each crate.
    counts=$(sed -nE 's/^test result: [a-zA-Z]+\. ([0-9]+) passed; ([0-9]+) failed;.*/\1 \2/p' "$log" |
        awk '{ passed += $1; failed += $2 } END { if (NR == 4) print passed, failed }')
    if [[ -z $counts ]]; then
        tail -n 40 "$log"
        tally unit 0 1 "ended early: $log"
        return
    fi
    # shellcheck disable=SC2086 # two numbers
    tally unit $counts
}

# read_verdicts NAME LOG STATUS: counts the lines 'ok - ...' and 'not ok - ...' of a program into good and bad, and shows them. Lines
# 'skipped - ...' are shown only: what did not run has not passed.
read_verdicts() {
    grep -E '^((not )?ok|skipped) - ' "$2" || true
    good=$(matches '^ok - ' "$2") bad=$(matches '^not ok - ' "$2")
    if (($3 != 0 && bad == 0 || good + bad + $(matches '^skipped - ' "$2") == 0)); then
        echo "not ok - $1 ended with status $3"
        bad=$((bad + 1))
    fi
    if ((bad > 0)); then tail -n 40 "$2" | sed 's/^/    /'; fi
}

fuzz_suite() {
    local log=$results/fuzz.log good bad status=0
    FUZZ_SECONDS=${FUZZ_SECONDS:-4} fuzz/run.sh >"$log" 2>&1 || status=$?
    read_verdicts fuzz "$log" "$status"
    tally fuzz "$good" "$bad"
}

# The cluster of a lane. Tests beside each other have one each, for roles and settings are shared by the databases of one.
cluster_of() { if (($1 == 1)); then echo test; else echo "test-$1"; fi; }

clusters_started=0
environments=()
start_clusters() {
    local cluster
    while ((clusters_started < $1)); do
        # Counted first: a start that fails half-way is to be ended, too.
        clusters_started=$((clusters_started + 1))
        cluster=$(cluster_of "$clusters_started")
        scripts/cluster.sh remove "$cluster"
        scripts/cluster.sh start "$cluster"
        environments[clusters_started]=$(
            scripts/cluster.sh env "$cluster"
            printf 'export ASSAY_DATA=%q\n' "$(scripts/cluster.sh share "$cluster" "$repository"/tests/data/*.{csv,csv.gz,json,sql})"
        )
    done
}

start_cluster() {
    start_clusters 1
    eval "${environments[1]}"
}

# lane NUMBER PREPARE JOB NAME...: does what no other lane has begun.
lane() {
    local number=$1 prepare=$2 job=$3 name
    shift 3
    eval "${environments[number]}"
    "$prepare" || return 1
    for name; do
        mkdir "$queue/$name" 2>/dev/null || continue
        passed=0 failed=0
        "$job" "$name" >"$queue/$name/output" 2>&1 || true
        echo "$passed $failed" >"$queue/$name/counts.new"
        mv "$queue/$name/counts.new" "$queue/$name/counts"
    done
}

# beside LANES PREPARE JOB NAME...: `JOB NAME` for each, on so many lanes, each of which begins with PREPARE. What they print comes in the order
# of the names, and what they count in passed and failed is added up there.
beside() {
    local most=$1 number name pid working good bad
    local queue=$results/queue
    shift
    if ((most > $# - 2)); then most=$(($# - 2)); fi
    rm -rf -- "$queue"
    mkdir -p "$queue"
    start_clusters "$most"
    for ((number = 1; number <= most; number++)); do
        lane "$number" "$@" </dev/null &
        in_lanes+=("$!")
    done
    shift 2
    for name; do
        working=yes
        until [[ -e $queue/$name/counts || -z $working ]]; do
            working=
            for pid in "${in_lanes[@]}"; do if kill -0 "$pid" 2>/dev/null; then working=yes; fi; done
            sleep 0.2
        done
        if [[ -e $queue/$name/counts ]]; then
            cat "$queue/$name/output"
            read -r good bad <"$queue/$name/counts"
            passed=$((passed + good)) failed=$((failed + bad))
        else
            cat "$queue/$name/output" 2>/dev/null || true
            echo "not ok - $name did not run to its end"
            failed=$((failed + 1))
        fi
    done
    wait "${in_lanes[@]}" || true
    in_lanes=()
}

finished='' compiling='' in_lanes=()
finish() {
    local home number cluster
    # Where the run broke off, they still go on.
    if [[ -n $compiling || ${#in_lanes[@]} -gt 0 ]]; then kill ${compiling:+"$compiling"} ${in_lanes[@]+"${in_lanes[@]}"} 2>/dev/null || true; fi
    for ((number = 1; number <= clusters_started; number++)); do
        cluster=$(cluster_of "$number")
        home=$(scripts/cluster.sh home "$cluster")
        cp -f "$home/log" "$results/server${cluster#test}.log" 2>/dev/null || true
        scripts/cluster.sh remove "$cluster"
    done
    [[ -n $finished ]] || tally run 0 1 "broke off"
    echo
    if [[ ${#summary[@]} -gt 0 ]]; then printf '%s\n' "${summary[@]}" ""; fi
    echo "$total_passed $total_failed" >"$results/counts"
    echo "$total_passed passed, $total_failed failed"
}
trap finish EXIT

fresh_database() {
    PGOPTIONS='-c client_min_messages=warning' dropdb --if-exists --force "$1" && createdb "$1" || return 1
    psql -X -q -v ON_ERROR_STOP=1 -d "$1" -c 'CREATE EXTENSION assay'
}

# A test whose name ends in _16, _17 or _18 is of what PostgreSQL has from that version on.
is_for_this_major() { [[ ! $1 =~ _(1[5-9])$ ]] || ((BASH_REMATCH[1] <= major)); }

# sql_suite SUITE FOLDER SUFFIX PROGRAM: the tests of a folder by PostgreSQL's own test driver, each in a database of its own, so that none
# rests on what another left behind.
sql_suite() {
    local suite=$1 folder=$repository/tests/$2 suffix=$3 program=$4 output=$results/$2
    local names=() name file passed=0 failed=0 more=()
    for file in "$folder"/*/*"$suffix"; do
        [[ -e $file ]] || continue
        name=$(basename "$file" "$suffix")
        is_for_this_major "$name" || continue
        if [[ -z ${TESTS:-} || " $TESTS " == *" $name "* ]]; then names+=("$name"); fi
    done
    [[ ${#names[@]} -gt 0 ]] || return 0
    if [[ ! -x $program ]]; then
        tally "$suite" 0 "${#names[@]}" "$program is missing"
        return
    fi
    mkdir -p "$output/results"
    cp -R "$folder" "$output/input"
    mkdir -p "$output/input/expected"
    # Up to PostgreSQL 15 the expected results are looked for beside the input; later they have an option of their own.
    "$program" --help | grep -q -- --expecteddir && more+=(--expecteddir="$output/input")
    beside "$lanes" sql_template sql_verdict "${names[@]}"
    tally "$suite" "$passed" "$failed"
}

# What each database of sql_suite is a copy of.
sql_template() {
    fresh_database "${suite}_template" || return 1
    [[ ! -e $folder/shared.sql ]] || (cd "$ASSAY_DATA" && psql -X -q -v ON_ERROR_STOP=1 -d "${suite}_template" -f "$folder/shared.sql")
}

sql_verdict() { verdict "$1" sql_test "$1"; }

# sql_test NAME: one test of sql_suite, whose variables it reads.
sql_test() {
    local place=$output/$1 status=0
    # The driver gives up at a test without expected results; an empty file makes it an ordinary failure with its difference.
    touch -a "$output/input/expected/$1.out"
    mkdir "$place"
    createdb -T "${suite}_template" "$suite" || return 1
    # How long a statement takes is no part of its expected results.
    psql -X -q -d "$suite" -c "ALTER DATABASE $suite SET assay.progress = 0"
    (
        cd "$ASSAY_DATA"
        timeout 900 "$program" --use-existing --host="$PGHOST" --port="$PGPORT" --user="$PGUSER" --dbname="$suite" --bindir="$bin" \
            --inputdir="$output/input" --outputdir="$place" ${more[@]+"${more[@]}"} "$1"
    ) >"$place/log" 2>&1 || status=$?
    dropdb --force "$suite"
    # `make accept` takes them from here.
    cp "$place"/results/*.out "$output/results/" || status=1
    if ((status != 0)); then cat "$place/regression.diffs" 2>/dev/null || cat "$place/log"; fi
    return "$status"
}

# A client test is a program that prints 'ok - NAME' and 'not ok - NAME' lines. It finds a database of its own in PGDATABASE (with
# PGHOST, PGPORT and PGUSER), the data in ASSAY_DATA, and may make more clusters with scripts/cluster.sh. One whose first lines say "Alone:" measures
# time and runs when nothing else does; of the others those that say "Long:", and about how many seconds, begin first, the longest before all.
clients_suite() {
    local script name passed=0 failed=0 alone=() long=() short=()
    for script in tests/clients/*.sh; do
        [[ -e $script ]] || continue
        name=$(basename "$script" .sh)
        if [[ -n ${TESTS:-} && " $TESTS " != *" $name "* ]]; then continue; fi
        case $(head -n 6 "$script") in
            *'# Alone:'*) alone+=("$name") ;;
            *'# Long:'*) long+=("$(sed -nE 's/^# Long: ([0-9]+) s.*/\1/p' "$script") $name") ;;
            *) short+=("$name") ;;
        esac
    done
    if ((${#long[@]} > 0)); then mapfile -t long < <(printf '%s\n' "${long[@]}" | sort -rn | cut -d ' ' -f 2); fi
    # Made before two need it at once.
    (source tests/clients/lib/python.sh)
    if ((${#long[@]} + ${#short[@]} > 0)); then beside "$lanes" true client "${long[@]}" "${short[@]}"; fi
    join_compilers
    if ((${#alone[@]} > 0)); then beside 1 true client "${alone[@]}"; fi
    if ((passed + failed > 0)); then tally clients "$passed" "$failed"; fi
}

# client NAME: counts in passed and failed.
client() {
    local name=$1 log=$results/client-$1.log status=0 began=$SECONDS good bad
    if ! fresh_database "client_${name//-/_}"; then
        failed=1
        return
    fi
    PGDATABASE=client_${name//-/_} timeout $((1800 + 10 * ${FUZZ_SECONDS:-0})) bash "tests/clients/$name.sh" >"$log" 2>&1 || status=$?
    read_verdicts "$name" "$log" "$status"
    echo "# $name took $((SECONDS - began)) s"
    passed=$good failed=$bad
}

story_runs() {
    createdb demo || return 1
    mkdir -p "$results/demo-pages"
    bash -euo pipefail -c '
        source tests/clients/lib/minilm.sh
        source tests/clients/lib/small_model.sh
        trap stop_small_model EXIT
        start_small_model
        psql -X -q -v ON_ERROR_STOP=1 -v pages="$1/demo-pages" -v minilm="${CARGO_TARGET_DIR:-$PWD/target}/minilm" -v writer="$small_model_url" -d demo -f scripts/demo.sql >"$1/demo.log" 2>&1
    ' story "$results" || { tail -n 20 "$results/demo.log"; return 1; }
}

swap_is_guarded() { grep -qF '1004 of 1004 rows fail' "$results/demo.log" && grep -qE '^ +0 │ +0 │ +1004 *$' "$results/demo.log"; }

# What the small model says depends on the marks of each call; that it was asked, and what was made of it, does not.
answers_are_learned_from() { grep -qF 'writer@1' "$results/demo.log" && grep -qF '{"messages":[{"role":"user","content":' "$results/demo.log"; }

# Each page is whole.
pages_are_written() {
    local page
    for page in risk customers drift checks reliability; do
        tail -c 20 "$results/demo-pages/$page.html" | grep -qF '</html>' || return 1
    done
}

# Who follows the README tries it where the demo leaves him.
readme_holds_after() { SAMPLE=demo PGDATABASE=readme tests/docs.py README.md >"$results/demo-readme.log" 2>&1 && ! grep "^not ok" -A 20 "$results/demo-readme.log"; }

demo_suite() {
    local passed=0 failed=0
    start_cluster
    verdict "the demo's story runs to its end" story_runs
    verdict "the demo's swapped table is guarded, and the swap undone" swap_is_guarded
    verdict "the demo's questions are asked, and a training set is made of them" answers_are_learned_from
    verdict "the demo's pages are written" pages_are_written
    verdict "the README's examples print the same in the demo's database" readme_holds_after
    tally demo "$passed" "$failed"
}

# What mostly compiles leaves a processor idle now and then, so it runs beside the build, tests in SQL and clients. The lines and counts of these suites
# come when they have ended. Those that share no folder with the build are first; the others wait for its lock.
compilers=()
start_compilers() {
    local suite
    [[ " ${suites[*]} " =~ \ (regress|isolation|clients)\  ]] || return 0
    for suite in fuzz unit; do
        if [[ " ${suites[*]} " == *" $suite "* ]]; then compilers+=("$suite"); fi
    done
    if [[ ${#compilers[@]} == 0 && -z ${NEXT:-} ]]; then return 0; fi
    # shellcheck disable=SC2030,SC2031 # its sums are in files
    (
        trap - EXIT
        for suite in ${compilers[@]+"${compilers[@]}"}; do
            summary=() total_passed=0 total_failed=0 suite_began=$SECONDS
            "${suite}_suite" >"$results/suite-$suite.out" 2>&1 || true
            printf '%s\n' "$total_passed" "$total_failed" "${summary[@]}" >"$results/suite-$suite.tally"
        done
        if [[ -n ${NEXT:-} ]]; then
            # Whether it can be built is said by its own run.
            make --no-print-directory build PG_CONFIG="$NEXT" CARGO_FLAGS="${CARGO_FLAGS:-} $quick_options" >"$results/next.log" 2>&1 || true
        fi
    ) </dev/null &
    compiling=$!
}

join_compilers() {
    local suite passed failed lines
    [[ -n $compiling ]] || return 0
    wait "$compiling" || true
    compiling=
    for suite in ${compilers[@]+"${compilers[@]}"}; do
        echo "==> $suite, beside the others"
        cat "$results/suite-$suite.out"
        if [[ ! -s $results/suite-$suite.tally ]]; then
            tally "$suite" 0 1 "broke off"
            continue
        fi
        {
            read -r passed
            read -r failed
            mapfile -t lines
        } <"$results/suite-$suite.tally"
        # shellcheck disable=SC2031 # those of this shell
        total_passed=$((total_passed + passed)) total_failed=$((total_failed + failed))
        # shellcheck disable=SC2031 # that of this shell
        summary+=("${lines[@]}")
    done
    compilers=()
}

lanes=${LANES:-2}
rm -f "$results"/suite-*.{out,tally}
start_compilers
for suite in "${suites[@]}"; do
    suite_began=$SECONDS
    if [[ " ${compilers[*]-} " == *" $suite "* ]]; then continue; fi
    echo "==> $suite"
    case $suite in
        build | quick-build | schema | unit | fuzz | clients | demo) "${suite}_suite" ;;
        regress) sql_suite regress pg_regress .sql "$tools/regress/pg_regress" ;;
        isolation) sql_suite isolation isolation .spec "$tools/isolation/pg_isolation_regress" ;;
        *) echo "no suite $suite" >&2; exit 2 ;;
    esac
    # Without a build the rest would only test what was installed before.
    if [[ $suite == *build ]] && ((total_failed > 0)); then break; fi
done
join_compilers

finished=yes
((total_failed == 0))

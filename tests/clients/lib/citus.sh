# shellcheck shell=bash
# A coordinator and two workers with Citus, on unix sockets of this machine, each with assay. A test that sources this runs where CITUS_PG_CONFIG names the
# pg_config of a PostgreSQL in which Citus and assay are installed; elsewhere it says that it is skipped, and why, and ends.
#
#   . tests/clients/lib/citus.sh     ends the test where there is no Citus
#   citus_start                      makes the nodes, with the database assay on each
#   on NODE ARGUMENTS...             psql on coordinator, one or two, as postgres: -X -q -A -t, errors end the script
#   citus_bin                        the folder of that PostgreSQL's programs
#   citus_stop                       stops the nodes and deletes them

# For scripts that are started by hand, too.
citus_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
citus_nodes=(coordinator one two)

# skip WHY: says that the test does not run, and ends it.
citus_skip() {
    echo "skipped - $(basename "$0" .sh): $1"
    exit 0
}

[[ -n ${CITUS_PG_CONFIG:-} ]] || citus_skip "CITUS_PG_CONFIG does not name the pg_config of a PostgreSQL with Citus"
[[ -x $CITUS_PG_CONFIG ]] || citus_skip "there is no $CITUS_PG_CONFIG"
for citus_name in citus assay; do
    [[ -f $("$CITUS_PG_CONFIG" --sharedir)/extension/$citus_name.control ]] ||
        citus_skip "$citus_name is not installed in the PostgreSQL of $CITUS_PG_CONFIG"
done
citus_bin=$("$CITUS_PG_CONFIG" --bindir)

# Whatever PostgreSQL the other tests run with. Each test has nodes of its own, for two may run beside each other.
citus_test=$(basename "$0" .sh)
citus_cluster() { PG_CONFIG=$CITUS_PG_CONFIG "$citus_root/scripts/cluster.sh" "$1" "$citus_test-$2" "${@:3}"; }
citus_home() { citus_cluster home "$1"; }

on() {
    local node=$1
    shift
    env -u PGOPTIONS "$citus_bin/psql" -X -q -A -t -v ON_ERROR_STOP=1 -h "$(citus_home "$node")" -p 5432 -U "${CITUS_USER:-postgres}" -d assay "$@"
}

# Nodes reach each other by their sockets' folders. Nothing is sent to Citus' makers.
citus_settings() {
    cat <<CONF
shared_preload_libraries = 'citus'
citus.enable_statistics_collection = off
citus.local_hostname = '$1'
citus.shard_count = 8
max_prepared_transactions = 50
shared_buffers = 64MB
CONF
}

citus_start() {
    local node home
    for node in "${citus_nodes[@]}"; do
        citus_cluster remove "$node"
        citus_cluster start "$node"
        home=$(citus_home "$node")
        citus_settings "$home" >>"$home/data/postgresql.conf"
        citus_cluster stop "$node"
        citus_cluster start "$node"
        "$citus_bin/createdb" -h "$home" -p 5432 -U postgres assay
        on "$node" -c "CREATE EXTENSION citus" -c "CREATE EXTENSION assay" >/dev/null
    done
    on coordinator -c "SELECT citus_set_coordinator_host('$(citus_home coordinator)', 5432)" >/dev/null
    for node in one two; do
        on coordinator -c "SELECT citus_add_node('$(citus_home "$node")', 5432)" >/dev/null
    done
}

citus_stop() {
    local node
    for node in "${citus_nodes[@]}"; do citus_cluster remove "$node"; done
}

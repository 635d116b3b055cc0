\echo Use "ALTER EXTENSION assay UPDATE" to load this file. \quit
-- From 0.1.0 to 0.2.0. Whoever changes a numbered file of sql/ writes here what turns the older schema into the newer one;
-- tests/clients/upgrade.sh compares the two.

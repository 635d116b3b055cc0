{# Runs a statement of assay's that imports, commits it, and tells how many of what it did. What was skipped is in dbt's log with its reason. #}
{% macro run_import(what, statement_text) -%}
  {%- call statement("assay_import", fetch_result=true, auto_begin=true) -%}{{ statement_text }}{%- endcall -%}
  {%- do adapter.commit() -%}
  {%- set counts = {} -%}
  {%- for action, kind, name, asset, message in load_result("assay_import").data -%}
    {%- do counts.update({action: counts.get(action, 0) + 1}) -%}
    {%- if action == "skipped" -%}
      {%- do log("assay: " ~ kind ~ " " ~ name ~ " is skipped: " ~ message) -%}
    {%- endif -%}
  {%- endfor -%}
  {%- set told = [] -%}
  {%- for action in ["failed", "warned", "passed", "added", "changed", "removed", "unchanged", "skipped"] if action in counts -%}
    {%- do told.append(counts[action] ~ " " ~ action) -%}
  {%- endfor -%}
  {%- do log("assay: " ~ what ~ ": " ~ (told | join(", ") or "nothing to import"), info=true) -%}
{%- endmacro %}

{# What assay.import_dbt_manifest reads of a node. #}
{% macro said_of(node) -%}
  {%- set said = {} -%}
  {%- for key in ["resource_type", "name", "source_name", "relation_name", "depends_on", "group", "meta", "source_meta", "description", "access", "tags",
                  "column_name", "attached_node", "loader", "loaded_at_field", "loaded_at_query", "freshness", "type", "label", "maturity", "url", "owner"]
      if node.get(key) is not none -%}
    {%- do said.update({key: node[key]}) -%}
  {%- endfor -%}
  {%- set config = node.get("config") or {} -%}
  {%- do said.update({"config": {"meta": config.get("meta"), "group": config.get("group"), "severity": config.get("severity"), "materialized": config.get("materialized")}}) -%}
  {%- if node.get("test_metadata") -%}
    {%- do said.update({"test_metadata": {"name": node.test_metadata.name, "kwargs": {"model": (node.test_metadata.kwargs or {}).get("model")}}}) -%}
  {%- endif -%}
  {{ return(said) }}
{%- endmacro %}

{# For on-run-end, or run by hand: imports what the project says of models, sources, exposures, owners and tests, as assay.import_dbt_manifest does from
   target/manifest.json. project: what the import is known by, where it is not the project's name, as for a second target in one database. #}
{% macro import_manifest(project=none) -%}
  {%- if execute -%}
    {%- set manifest = {"metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json", "project_name": project_name}} -%}
    {%- for part in ["nodes", "sources", "exposures", "metrics", "semantic_models", "saved_queries", "functions"] -%}
      {%- set nodes = {} -%}
      {%- for unique_id, node in (graph.get(part) or {}).items() -%}
        {%- do nodes.update({unique_id: assay.said_of(node)}) -%}
      {%- endfor -%}
      {%- do manifest.update({part: nodes}) -%}
    {%- endfor -%}
    {%- set groups = {} -%}
    {%- for unique_id, group in (graph.get("groups") or {}).items() -%}
      {%- do groups.update({unique_id: {"name": group.name, "owner": group.owner}}) -%}
    {%- endfor -%}
    {%- do manifest.update({"groups": groups}) -%}
    {%- do assay.run_import("manifest", "select * from assay.import_dbt_manifest(" ~ assay.literal(manifest) ~ ", " ~ assay.argument(project) ~ ")") -%}
  {%- endif -%}
{%- endmacro %}

{# For on-run-end: imports how tests and builds ended, as assay.import_dbt_run_results does from target/run_results.json. Failures open issues, passes close
   them. The manifest has to have been imported, with the same project. #}
{% macro import_results(results, project=none) -%}
  {%- if execute -%}
    {%- set ended = [] -%}
    {%- for result in results if result.node and result.node.resource_type in ["test", "unit_test", "model", "seed", "snapshot"] -%}
      {%- do ended.append({"unique_id": result.node.unique_id, "status": result.status | string, "failures": result.failures}) -%}
    {%- endfor -%}
    {%- set file = {"metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/run-results/v6.json", "invocation_id": invocation_id,
                                 "generated_at": modules.datetime.datetime.now(modules.pytz.utc).isoformat()}, "results": ended} -%}
    {%- do assay.run_import("results", "select * from assay.import_dbt_run_results(" ~ assay.literal(file) ~ ", " ~ assay.argument(project) ~ ")") -%}
  {%- endif -%}
{%- endmacro %}

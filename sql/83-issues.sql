-- What people see of issues, and say of them.

-- What runs of checks look for: open issues of a check, and closed ones of the same.
CREATE INDEX issue_open_check_idx ON assay.issue (check_id) WHERE status OPERATOR(pg_catalog.=) 'open';
CREATE INDEX issue_closed_idx ON assay.issue (asset_id, subject, ended_at) WHERE status OPERATOR(pg_catalog.=) 'closed';

-- Models as ONNX come in, and go out.

-- A pipeline of scikit-learn: numbers filled and scaled, a category as one-hot columns, a tree. What onnxruntime says of some rows stands beside them.
CREATE TABLE onnx_file (name text PRIMARY KEY, bytes bytea);
INSERT INTO onnx_file VALUES ('houses', decode('
CAoSCHNrbDJvbm54GgYxLjIwLjAiB2FpLm9ubngoADIAOssNCj0KBHNpemUKBmdhcmRlbhIObWVyZ2VkX2NvbHVtbnMaBkNvbmNhdCIGQ29uY2F0KgsKBGF4aXMYAaABAjoACjoKBnJlZ2lvbgoHcm
VnaW9uMBIIcmVnaW9uMDEaBkdhdGhlciIGR2F0aGVyKgsKBGF4aXMYAaABAjoACn0KDm1lcmdlZF9jb2x1bW5zEgh2YXJpYWJsZRoHSW1wdXRlciIHSW1wdXRlciojChRpbXB1dGVkX3ZhbHVlX2Zs
b2F0cz3XI/JCPQWL0kGgAQYqHgoUcmVwbGFjZWRfdmFsdWVfZmxvYXQVAADAf6ABAToKYWkub25ueC5tbAp2CghyZWdpb24wMRILcmVnaW9uMDFvdXQaDU9uZUhvdEVuY29kZXIiDU9uZUhvdEVuY2
9kZXIqJQoMY2F0c19zdHJpbmdzSgVub3J0aEoFc291dGhKBHdlc3SgAQgqDAoFemVyb3MYAaABAjoKYWkub25ueC5tbAo6CgtyZWdpb24wMW91dAoMc2hhcGVfdGVuc29yEgl2YXJpYWJsZTIaB1Jl
c2hhcGUiB1Jlc2hhcGU6AApeCgh2YXJpYWJsZRIJdmFyaWFibGUxGgZTY2FsZXIiBlNjYWxlcioVCgZvZmZzZXQ91yPyQj0Fi9JBoAEGKhQKBXNjYWxlPS/0tzw9ktSiPaABBjoKYWkub25ueC5tbA
pKCgl2YXJpYWJsZTEKCXZhcmlhYmxlMhISdHJhbnNmb3JtZWRfY29sdW1uGgdDb25jYXQxIgZDb25jYXQqCwoEYXhpcxgBoAECOgAKoQcKEnRyYW5zZm9ybWVkX2NvbHVtbhIFbGFiZWwSDXByb2Jh
YmlsaXRpZXMaFlRyZWVFbnNlbWJsZUNsYXNzaWZpZXIiFlRyZWVFbnNlbWJsZUNsYXNzaWZpZXIqHAoJY2xhc3NfaWRzQABAAEAAQABAAEAAQACgAQcqIAoNY2xhc3Nfbm9kZWlkc0ADQARABkAHQA
pAC0AMoAEHKiAKDWNsYXNzX3RyZWVpZHNAAEAAQABAAEAAQABAAKABByo1Cg1jbGFzc193ZWlnaHRzPQAAAAA98fBwPj05juM9PQAAgD89RGoCPz0AAIA/PQAAgD+gAQYqJAoTY2xhc3NsYWJlbHNf
c3RyaW5nc0oEa2VwdEoEc29sZKABCCoxChJub2Rlc19mYWxzZW5vZGVpZHNACEAFQARAAEAAQAdAAEAAQAxAC0AAQABAAKABByovChBub2Rlc19mZWF0dXJlaWRzQABAAEADQABAAEABQABAAEAAQA
NAAEAAQACgAQcqVAoObm9kZXNfaGl0cmF0ZXM9AACAPz0AAIA/PQAAgD89AACAPz0AAIA/PQAAgD89AACAPz0AAIA/PQAAgD89AACAPz0AAIA/PQAAgD89AACAP6ABBio+Ch9ub2Rlc19taXNzaW5n
X3ZhbHVlX3RyYWNrc190cnVlQABAAEAAQABAAEAAQABAAEAAQABAAEAAQACgAQcqggEKC25vZGVzX21vZGVzSgpCUkFOQ0hfTEVRSgpCUkFOQ0hfTEVRSgpCUkFOQ0hfTEVRSgRMRUFGSgRMRUFGSg
pCUkFOQ0hfTEVRSgRMRUFGSgRMRUFGSgpCUkFOQ0hfTEVRSgpCUkFOQ0hfTEVRSgRMRUFGSgRMRUFGSgRMRUFGoAEIKiwKDW5vZGVzX25vZGVpZHNAAEABQAJAA0AEQAVABkAHQAhACUAKQAtADKAB
ByosCg1ub2Rlc190cmVlaWRzQABAAEAAQABAAEAAQABAAEAAQABAAEAAQACgAQcqMAoRbm9kZXNfdHJ1ZW5vZGVpZHNAAUACQANAAEAAQAZAAEAAQAlACkAAQABAAKABBypSCgxub2Rlc192YWx1ZX
M9DwScvj34PQ2/PQAAAD89AAAAAD0AAAAAPTqZYz89AAAAAD0AAAAAPU/k0z49AAAAPz0AAAAAPQAAAAA9AAAAAKABBioZCg5wb3N0X3RyYW5zZm9ybSIETk9ORaABAzoKYWkub25ueC5tbBIgODZk
Zjk0ZmI3NDEwNDY1ZGE0NjkxNWY5YTM3NmM5OWYqEAgBEAc6AQBCB3JlZ2lvbjAqHwgCEAc6C////////////wEDQgxzaGFwZV90ZW5zb3JaFAoEc2l6ZRIMCgoIARIGCgAKAggBWhYKBmdhcmRlbh
IMCgoIARIGCgAKAggBWhYKBnJlZ2lvbhIMCgoICBIGCgAKAggBYhEKBWxhYmVsEggKBggIEgIKAGIdCg1wcm9iYWJpbGl0aWVzEgwKCggBEgYKAAoCCAJCBAoAEA1CDgoKYWkub25ueC5tbBAB', 'base64')), ('lengths', decode('
CAoSCHNrbDJvbm54GgYxLjIwLjAiB2FpLm9ubngoADIAOooCCkEKAVgSCXZhcmlhYmxlMRoKTm9ybWFsaXplciIKTm9ybWFsaXplcioNCgRub3JtIgJMMqABAzoKYWkub25ueC5tbAp2Cgl2YXJpYW
JsZTESCHZhcmlhYmxlGg9MaW5lYXJSZWdyZXNzb3IiD0xpbmVhclJlZ3Jlc3NvciobCgxjb2VmZmljaWVudHM9fuyuQz1PEtzCoAEGKhQKCmludGVyY2VwdHM9OE6BQqABBjoKYWkub25ueC5tbBIg
MTdhNDFlMDllNzhiNDI2NWFjMjAyNjY1NDk0Zjc0ZjNaEQoBWBIMCgoIARIGCgAKAggCYhgKCHZhcmlhYmxlEgwKCggBEgYKAAoCCAFCDgoKYWkub25ueC5tbBABQgQKABAWQgQKABAW', 'base64')), ('unknown', decode('
CA46OQoWCgFYEgF5GgVmb3VuZCIHTm9uWmVybxIBZ1oRCgFYEgwKCggBEgYKAAoCCAJiCQoBeRIECgIIB0IECgAQEg==', 'base64'));
CREATE TABLE onnx_house (id int PRIMARY KEY, size float8, garden float8, region text, label text, sold float8);
INSERT INTO onnx_house VALUES
    (1, 100.0, 10.0, 'north', 'kept', 0.1111111119389534),
    (2, 120.0, NULL, 'south', 'sold', 1.0),
    (3, 60.0, 30.0, 'west', 'kept', 0.0),
    (4, 180.0, 0.0, 'nowhere', 'sold', 1.0),
    (5, 133.0, 22.0, 'west', 'sold', 0.5094339847564697);
SELECT assay.import_model('houses', bytes, 'onnx', '{"target": "label"}') AS version FROM onnx_file WHERE name = 'houses';
SELECT task, algorithm, deployed_version FROM assay.models WHERE model = 'houses';
SELECT id, assay.predict_label('houses', h) = label AS same_label, abs((assay.predict_proba('houses', h))[2] - sold) < 1e-6 AS same_probability
FROM onnx_house AS h ORDER BY id;
SELECT metric, value FROM assay.evaluate('houses', 'SELECT size, garden, region, label FROM onnx_house') WHERE metric = 'accuracy';
-- Trees are over the columns themselves, so that they are explained; the file does not say how many rows came to each node, so against rows.
CALL fails($$SELECT assay.explain_predict('houses', h) FROM onnx_house AS h$$);
SELECT count(*) AS parts, max(error) < 1e-9 AS adds_up FROM assay.explain_query('houses', 'SELECT id, size, garden, region FROM onnx_house', '{id}', top_k => NULL,
    baseline => 'SELECT size, garden, region FROM onnx_house');
-- A graph that is no trees is interpreted. Its one input is a matrix, whose columns get names.
SELECT assay.import_model('lengths', bytes, 'onnx', '{"features": ["size", "garden"]}') AS version FROM onnx_file WHERE name = 'lengths';
SELECT size, garden, abs(assay.predict('lengths', size, garden) - expected) < 1e-4 AS same
FROM (VALUES (100.0::float8, 10.0::float8, 401.8151550292969), (60, 30, 328.35650634765625), (0, 0, 64.65277099609375)) AS v (size, garden, expected) ORDER BY size;
CALL fails($$SELECT assay.explain_predict('lengths', 1.0, 2.0)$$);
SELECT count(*) AS parts, max(error) < 1e-9 AS adds_up FROM assay.explain_query('lengths', 'SELECT id, size, garden FROM onnx_house WHERE garden > 0', '{id}', top_k => NULL,
    baseline => 'SELECT size, garden FROM onnx_house WHERE garden > 0');

-- What cannot be read.
CALL fails($$SELECT assay.import_model('wrong', bytes, 'onnx') FROM onnx_file WHERE name = 'unknown'$$);
CALL fails($$SELECT assay.import_model('wrong', '', 'onnx')$$);
CALL fails($$SELECT assay.import_model('wrong', '\x0a05', 'onnx')$$);
CALL fails($$SELECT assay.import_model('wrong', bytes, 'onnx', '{"features": ["size"]}') FROM onnx_file WHERE name = 'houses'$$);
CALL fails($$SELECT assay.import_model('wrong', bytes, 'onnx', '{"features": ["size", "size", "region"]}') FROM onnx_file WHERE name = 'houses'$$);
CALL fails($$SELECT assay.import_model('wrong', NULL, 'onnx')$$);
-- Every file that is cut is an error, or lacks nothing that is needed; none is stored twice.
CREATE FUNCTION onnx_reads(file bytea) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    PERFORM assay.import_model('cut', file, 'onnx');
    RAISE SQLSTATE 'P0002';
EXCEPTION WHEN SQLSTATE 'P0002' THEN RETURN true; WHEN SQLSTATE 'ML009' OR SQLSTATE '22023' THEN RETURN false;
END $$;
SELECT count(*) FILTER (WHERE onnx_reads(substr(bytes, 1, length(bytes) * i / 40))) AS read FROM onnx_file, generate_series(0, 39) AS i WHERE name = 'houses';
SELECT count(*) AS stored FROM assay.models WHERE model = 'cut';

-- Out, and in again: the same scores. Categories, missing values, steps.
SELECT version FROM assay.train('onnx trees', 'SELECT size, garden, region, rooms, sold FROM house', 'sold', params => '{"n_estimators": 10, "min_child_samples": 5}');
SELECT version FROM assay.train('onnx forest', 'SELECT size, garden, region, rooms, price FROM house', 'price', 'random_forest', params => '{"n_estimators": 5}');
SELECT version FROM assay.train('onnx line', 'SELECT size, garden, region, rooms, price FROM house', 'price', 'ridge');
SELECT version FROM assay.train('onnx places', 'SELECT size, garden, rooms, region FROM house', 'region', 'logistic_regression');
SELECT version FROM assay.train('onnx steps', 'SELECT size, garden, region, sold FROM house', 'sold', 'logistic_regression',
    preprocess => '{"types": {"number": {"impute": "median", "scale": "standard"}, "category": {"encode": "one_hot"}}}');
CREATE TABLE onnx_trip AS SELECT name, assay.export_model(name, 'onnx') AS file FROM unnest(ARRAY['onnx trees', 'onnx forest', 'onnx line', 'onnx places', 'onnx steps']) AS name;
SELECT name, assay.import_model(name || ' again', file, 'onnx') AS version FROM onnx_trip ORDER BY name;
SELECT max(abs(assay.predict('onnx trees', h) - assay.predict('onnx trees again', h))) < 1e-12 AS trees,
       max(abs(assay.predict('onnx forest', h) - assay.predict('onnx forest again', h))) < 1e-9 AS forest,
       max(abs(assay.predict('onnx line', h) - assay.predict('onnx line again', h))) < 1e-9 AS line,
       bool_and(assay.predict_label('onnx places', h) = assay.predict_label('onnx places again', h)) AS places,
       max(abs(assay.predict('onnx steps', h) - assay.predict('onnx steps again', h))) < 1e-12 AS steps FROM house AS h;
-- The same model is the same file.
SELECT bool_and(file = assay.export_model(name, 'onnx')) AS same_file FROM onnx_trip;

-- What cannot be written, and who may not.
SELECT version FROM assay.train('onnx bayes', 'SELECT size, garden, sold FROM house', 'sold', 'naive_bayes');
CALL fails($$SELECT assay.export_model('onnx bayes', 'onnx')$$);
CALL fails($$SELECT assay.export_model('nothing', 'onnx')$$);
CALL fails($$SELECT assay.export_model(NULL, 'onnx')$$);

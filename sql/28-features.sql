-- Features: scalars, and window functions that learn from the rows of a frame. Names and answers are BigQuery ML's where it has them.

CREATE FUNCTION assay.bucketize(value double precision, split_points double precision[], exclude_boundaries boolean DEFAULT false, output_format text DEFAULT 'bucket_names')
RETURNS text AS 'MODULE_PATHNAME', 'bucketize_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION assay.bucketize IS
'The bucket of a number between split points, as BigQuery''s ML.BUCKETIZE: a bucket takes what is not below its point and below the next one.
split_points: in order, the lowest first. exclude_boundaries: the first and the last point count as none. output_format: bucket_names (bin_1, bin_2, ...), bucket_ranges ([2.5, 4.6)) or bucket_ranges_json.
NULL and NaN give NULL. O(log points). Errors: 22023 points out of order, equal, NULL or not finite, too few, or an unknown format.
Example: SELECT age, assay.bucketize(age, ARRAY[25, 40, 60]) FROM customers LIMIT 3';

CREATE FUNCTION assay.hash_bucketize(value text, hash_bucket_size bigint) RETURNS bigint
AS 'MODULE_PATHNAME', 'hash_bucketize_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION assay.hash_bucketize(text, bigint) IS
'The bucket of a text, from 0, by a hash that is the same everywhere and in every version: FarmHash''s Fingerprint64, which BigQuery''s ML.HASH_BUCKETIZE takes, so that both give the same buckets. NULL gives NULL.
hash_bucket_size: how many buckets; 0 gives the hash itself, as FARM_FINGERPRINT does. Errors: 22023 a size below 0.
Example: SELECT job, assay.hash_bucketize(job, 100) FROM customers LIMIT 3';

CREATE FUNCTION assay.polynomial_expand(features double precision[], degree integer DEFAULT 2) RETURNS double precision[]
AS 'MODULE_PATHNAME', 'polynomial_expand_array_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION assay.polynomial_expand(double precision[], integer) IS
'All products of up to degree of the numbers, themselves included, in the order of scikit-learn''s PolynomialFeatures without a bias: a, b, a*a, a*b, b*b. A vector that train and predict take as a feature.
features: up to 10. degree: 1 to 4. A product with a NULL or NaN is NULL. Errors: 22023 too many features or another degree, 22003 a product out of range.
Example: SELECT assay.polynomial_expand(ARRAY[age, duration_months]) FROM customers LIMIT 3';

CREATE FUNCTION assay.polynomial_expand(features jsonb, degree integer DEFAULT 2) RETURNS jsonb
AS 'MODULE_PATHNAME', 'polynomial_expand_object_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION assay.polynomial_expand(jsonb, integer) IS
'The same of named numbers, as BigQuery''s ML.POLYNOMIAL_EXPAND: an object with a key for each feature becomes one with a key for each product, the features'' names in alphabetical order with _ between them. The type of an untyped literal has to be written: ''{"a": 2}''::jsonb.
features: up to 10 keys with numbers; null makes its products null. Errors: 22023 no object, too many features or another degree, ML004 a value that is no number, 42701 two products of one name, 22003 a product out of range.
Example: SELECT assay.polynomial_expand(jsonb_build_object(''f1'', 2, ''f2'', 3))';

CREATE FUNCTION assay.feature_cross(features text[], degree integer DEFAULT 2) RETURNS text[]
AS 'MODULE_PATHNAME', 'feature_cross_array_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION assay.feature_cross(text[], integer) IS
'Every two of the categories as one, with _ between them; then every three, up to degree of them.
features: up to 10. degree: 2 to 4. A cross with a NULL is NULL. Errors: 22023 too many features or another degree.
Example: SELECT assay.feature_cross(ARRAY[job, housing, purpose]) FROM customers LIMIT 3';

CREATE FUNCTION assay.feature_cross(features jsonb, degree integer DEFAULT 2) RETURNS jsonb
AS 'MODULE_PATHNAME', 'feature_cross_object_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION assay.feature_cross(jsonb, integer) IS
'The same of named categories, as BigQuery''s ML.FEATURE_CROSS: an object with a key for each feature becomes one with a key for each cross, the features'' names in alphabetical order with _ between them. The type of an untyped literal has to be written: ''{"a": "x"}''::jsonb.
features: up to 10 keys with texts, numbers or booleans; null makes its crosses null. Errors: 22023 no object, too many features or another degree, ML004 an array or object as a value, 42701 two crosses of one name.
Example: SELECT assay.feature_cross(jsonb_build_object(''job'', job, ''housing'', housing)) FROM customers LIMIT 3';

CREATE FUNCTION assay.ngrams(tokens text[], range integer, separator text DEFAULT ' ') RETURNS text[]
AS 'MODULE_PATHNAME', 'ngrams_of_size_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION assay.ngrams(text[], integer, text) IS
'The n-grams of one size: each run of so many neighbouring tokens, with the separator between them, as BigQuery''s ML.NGRAMS. NULL tokens are left out. Errors: 22023 a size below 1, 53400 assay.max_memory.
Example: SELECT assay.ngrams(string_to_array(''credit for a new car'', '' ''), 2)';

CREATE FUNCTION assay.ngrams(tokens text[], range integer[], separator text DEFAULT ' ') RETURNS text[]
AS 'MODULE_PATHNAME', 'ngrams_of_sizes_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION assay.ngrams(text[], integer[], text) IS
'The n-grams of several sizes, in the order of their first token and then of their size.
range: the sizes of the shortest and of the longest. Errors: 22023 another number of sizes, a size below 1, or the greater first, 22004 a size that is NULL, 53400 assay.max_memory.
Example: SELECT assay.ngrams(ARRAY[''a'', ''b'', ''c''], ARRAY[2, 3], ''#'')';

CREATE FUNCTION assay.normalizer(value double precision[], p double precision DEFAULT 2) RETURNS double precision[]
AS 'MODULE_PATHNAME', 'normalizer_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION assay.normalizer(double precision[], double precision) IS
'A vector divided by its p-norm, as BigQuery''s ML.NORMALIZER. p: 1 or more, ''Infinity'' (the greatest magnitude), or 0 (how many are not 0). A vector of zeros stays as it is. NULL and NaN do not count, and come back as NULL. Errors: 22023 another p.
Example: SELECT assay.normalizer(ARRAY[4.0, 1.0, 2.0, 2.0, 0.0])';

CREATE FUNCTION assay.haversine(latitude1 double precision, longitude1 double precision, latitude2 double precision, longitude2 double precision) RETURNS double precision
AS 'MODULE_PATHNAME', 'haversine_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION assay.haversine IS
'The great-circle distance between two points in metres, on a sphere of the Earth''s mean radius (6,371,008.8 m): within 0.6 % of the distance on the ellipsoid. Degrees; NULL gives NULL.
Errors: 22023 a latitude beyond 90 degrees, or a longitude beyond 360.
Example: SELECT round(assay.haversine(47.3769, 8.5417, 46.9480, 7.4474)) AS zurich_bern';

CREATE FUNCTION assay.standard_scaler(value double precision) RETURNS double precision
AS 'MODULE_PATHNAME', 'standard_scaler_wrapper' LANGUAGE c WINDOW IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay.standard_scaler(double precision) IS
'A window function: how many standard deviations (of a sample, divided by n - 1) a number is above the mean of its frame, as BigQuery''s ML.STANDARD_SCALER. Without ORDER BY the frame is the partition; with it, the rows up to this one.
NULL gives NULL; NULL, NaN and infinities teach nothing. Numbers that do not vary give 0. A frame without numbers gives NULL. Nothing is subtracted when a row leaves the frame, so that moving frames do not drift. Errors: 53400 assay.max_memory.
Example: SELECT age, assay.standard_scaler(age) OVER () FROM customers LIMIT 3';

CREATE FUNCTION assay.min_max_scaler(value double precision) RETURNS double precision
AS 'MODULE_PATHNAME', 'min_max_scaler_wrapper' LANGUAGE c WINDOW IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay.min_max_scaler(double precision) IS
'A window function: where between the least and the greatest number of its frame a number is, from 0 to 1, as BigQuery''s ML.MIN_MAX_SCALER. A number that is not in the frame is capped. Frames, NULL, NaN and infinities as in assay.standard_scaler; numbers that do not vary give 0.
Example: SELECT age, assay.min_max_scaler(age) OVER (PARTITION BY housing) FROM customers LIMIT 3';

CREATE FUNCTION assay.max_abs_scaler(value double precision) RETURNS double precision
AS 'MODULE_PATHNAME', 'max_abs_scaler_wrapper' LANGUAGE c WINDOW IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay.max_abs_scaler(double precision) IS
'A window function: a number divided by the greatest magnitude in its frame, as BigQuery''s ML.MAX_ABS_SCALER. Frames, NULL, NaN and infinities as in assay.standard_scaler.
Example: SELECT age, assay.max_abs_scaler(age) OVER () FROM customers LIMIT 3';

CREATE FUNCTION assay.robust_scaler(value double precision, quantile_range double precision[] DEFAULT '{25,75}', with_median boolean DEFAULT true, with_quantile_range boolean DEFAULT true)
RETURNS double precision AS 'MODULE_PATHNAME', 'robust_scaler_wrapper' LANGUAGE c WINDOW IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay.robust_scaler IS
'A window function: a number less the median of its frame, divided by the range between two quantiles, as BigQuery''s ML.ROBUST_SCALER. Quantiles are values that occur, those of SQL''s percentile_disc.
quantile_range: percentages above 0 and below 100, the lesser first. with_median, with_quantile_range: whether to do the one and the other. A range of 0 divides by 1. Options are read at the first row of each partition. Frames, NULL, NaN and infinities as in assay.standard_scaler. O(n) for a frame that does not change, O(log n) a row for one that moves. Errors: 22023 another range, or an option that is NULL, 53400 assay.max_memory.
Example: SELECT credit_amount, assay.robust_scaler(credit_amount, ARRAY[10, 90]) OVER () FROM customers LIMIT 3';

CREATE FUNCTION assay.quantile_bucketize(value double precision, num_buckets integer, output_format text DEFAULT 'bucket_names') RETURNS text
AS 'MODULE_PATHNAME', 'quantile_bucketize_wrapper' LANGUAGE c WINDOW IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay.quantile_bucketize(double precision, integer, text) IS
'A window function: the bucket of a number among buckets of about as many numbers of its frame, as BigQuery''s ML.QUANTILE_BUCKETIZE. Buckets begin at values that occur, those of SQL''s percentile_disc; where several begin at one value there are fewer, and none is empty.
num_buckets: 2 to 10,000. output_format: bucket_names, bucket_ranges or bucket_ranges_json. Options are read at the first row of each partition. Frames, NULL, NaN and infinities as in assay.standard_scaler; NULL and NaN give NULL. Errors: 22023 options, 53400 assay.max_memory.
Example: SELECT credit_amount, assay.quantile_bucketize(credit_amount, 4, ''bucket_ranges'') OVER () FROM customers LIMIT 3';

CREATE FUNCTION assay.imputer(value double precision, strategy text) RETURNS double precision
AS 'MODULE_PATHNAME', 'imputer_number_wrapper' LANGUAGE c WINDOW IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay.imputer(double precision, text) IS
'A window function: a number, or what stands in for it where it is missing (NULL, NaN or infinite): of its frame the mean, the median (of two in the middle the lesser, SQL''s percentile_disc) or the most frequent number (of equally frequent ones the least), as BigQuery''s ML.IMPUTER.
strategy: mean, median or most_frequent; read at the first row of each partition. Frames as in assay.standard_scaler; where a frame has no number, NULL stays. Errors: 22023 another strategy, 53400 assay.max_memory.
Example: SELECT assay.imputer(nullif(age, 33), ''median'') OVER (PARTITION BY job) FROM customers LIMIT 3';

CREATE FUNCTION assay.imputer(value text, strategy text) RETURNS text
AS 'MODULE_PATHNAME', 'imputer_text_wrapper' LANGUAGE c WINDOW IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay.imputer(text, text) IS
'The same of texts, where NULL is missing and the only strategy is most_frequent; of equally frequent texts the first by code points.
Example: SELECT job, assay.imputer(nullif(job, ''skilled''), ''most_frequent'') OVER () FROM customers LIMIT 3';

CREATE FUNCTION assay.label_encoder(value text, top_k bigint DEFAULT 32000, frequency_threshold bigint DEFAULT 5) RETURNS bigint
AS 'MODULE_PATHNAME', 'label_encoder_wrapper' LANGUAGE c WINDOW IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay.label_encoder(text, bigint, bigint) IS
'A window function: a category as a number, as BigQuery''s ML.LABEL_ENCODER: the frequent ones of its frame are numbered from 1 in alphabetical order (by code points); 0 is for rare ones, for those that do not occur in the frame, and for NULL.
top_k: so many of the most frequent ones have a number, 1 to 999,999; of equally frequent ones the first by the alphabet. frequency_threshold: they occur so often at least, 0 or more. Options are read at the first row of each partition. Frames as in assay.standard_scaler. O(log of the categories) a row for a frame that moves, unless more than top_k are frequent enough: then each row chooses them anew. Errors: 22023 options, 53400 assay.max_memory.
Example: SELECT job, assay.label_encoder(job) OVER () FROM customers LIMIT 3';

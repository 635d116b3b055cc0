-- The pieces of texts.

SELECT * FROM assay.chunk_text('abcdefgh', 4, 2, 'characters');
SELECT * FROM assay.chunk_text('The quick (brown) fox can''t jump 32.3 feet, right?', 4, 1, 'words');
SELECT * FROM assay.chunk_text('It cost $3.50 today. Really? Yes! Approx. three of them.', 1, 0, 'sentences');
SELECT * FROM assay.chunk_text(E'one\ntwo\n\nthree\n \nfour\n', 2, 1, 'paragraphs');
SELECT * FROM assay.chunk_text(E'One one. Two two.\n\nThree three three. Four.\nFive five five five', 18);
SELECT seq, replace(chunk, E'\n', '|') AS chunk, start_pos, end_pos
FROM assay.chunk_text(E'# A\n\nText of a.\n\n## B\n\n- one\n- two\n\n```sql\nSELECT 1;\n```\n', 22, 0, 'markdown');

-- Languages, and a program. A chunk is what stands at its positions.
CREATE TABLE chunked_text (name text, content text);
INSERT INTO chunked_text VALUES
    ('Chinese', '今天天气很好。我们去公园吧！你来吗？在GPU上训练模型，很快。'),
    ('Code', E'fn one() {\n    let a = 1;\n    a\n}\n\nfn two() {\n    2\n}\n'),
    ('English', 'A short sentence. And another one, which is longer than the first. The end.'),
    ('German', 'Der Straßenbahnführer fährt übers Land. Das kostet 3,50 Euro. Über zehn Öfen!'),
    ('Korean', '오늘은 날씨가 좋습니다. 공원에 갈까요? 네! 데이터베이스에 문서를 저장합니다.'),
    ('Marks', E'e\u0301e\u0301👨‍👩‍👧🇰🇷🇩🇪\r\nกำ');
SELECT name, seq, replace(chunk, E'\n', '|') AS chunk FROM chunked_text, assay.chunk_text(content, 24, 0, 'recursive') ORDER BY 1, 2;
SELECT seq, length(chunk) FROM chunked_text, assay.chunk_text(content, 1, 0, 'characters') WHERE name = 'Marks';
SELECT count(*) > 300 AS many, bool_and(chunk = substring(content, start_pos, end_pos - start_pos)) AS there, bool_and(end_pos - start_pos <= size OR strategy NOT IN ('characters', 'recursive', 'markdown') OR length(chunk) <= 8) AS fit
FROM chunked_text, unnest('{characters,words,sentences,paragraphs,recursive,markdown}'::text[]) AS strategy, generate_series(1, 11, 5) AS size,
    assay.chunk_text(content, size, size / 2, strategy);

-- Nothing, and what is not allowed.
SELECT count(*) FROM assay.chunk_text('', 10);
SELECT count(*) FROM assay.chunk_text(E' \n ', 10);
SELECT count(*) FROM assay.chunk_text(NULL, 10);
SELECT * FROM assay.chunk_text('a', 0);
SELECT * FROM assay.chunk_text('a', 10, 10);
SELECT * FROM assay.chunk_text('a', 10, -1);
SELECT * FROM assay.chunk_text('a', 10, 1, 'pages');
SELECT * FROM assay.chunk_text('a', 10, 1, 'tokens(nobody)');

-- Megabytes: in time, and stopped in time.
SELECT count(*) BETWEEN 1000 AND 1500 AS cut FROM assay.chunk_text(repeat('A sentence of some words. ', 40000), 1000, 100);

DROP TABLE chunked_text;

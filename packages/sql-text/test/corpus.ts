/** Scripts in which it is not plain where statements end: pieces, and every ordered pair of them. */

/** Statements, each with its end; none of them changes anything. */
export const PIECES: readonly string[] = [
  `SELECT 1;`,
  `SELECT ';' AS a;`,
  `SELECT 'it''s; fine';`,
  `SELECT E'a\\';b';`,
  `SELECT 'a' -- ;\n'b;';`,
  `SELECT U&'\\0041;';`,
  `SELECT U&"a;" FROM (SELECT 1) AS t (U&"a;");`,
  `SELECT 1 AS "a;""b";`,
  `SELECT $$;$$;`,
  `SELECT $a$;$$;$b$;$a$;`,
  `SELECT 1 AS a$$;`,
  `SELECT $a$x$A$;$a$;`,
  `SELECT 1 /* ; /* ; */ ; */ + 1;`,
  `SELECT 1 --/* ;\n;`,
  `SELECT 1 -- '\n;`,
  `SELECT (1\n+ 2);`,
  `SELECT b'01' , x'1f', n';';`,
  `SELECT 1 - -1;`,
  `SELECT 2 */* ; */ 3;`,
  `SELECT 'a'::text;`,
  `SELECT (ARRAY[1,2,3])[1:2];`,
  `;`,
  `SELECT 1 AS begin;`,
  `BEGIN; COMMIT;`,
  `DO $$ BEGIN PERFORM 1; PERFORM 2; END $$;`,
  `CREATE FUNCTION pg_temp.f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END;`,
  `CREATE OR REPLACE FUNCTION pg_temp.f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; END;`,
  `CREATE OR REPLACE PROCEDURE pg_temp.p() BEGIN ATOMIC SELECT 1; END; SELECT 3;`,
  `CREATE FUNCTION pg_temp.g(x int) RETURNS int LANGUAGE sql AS 'SELECT 1;';`,
  `CREATE FUNCTION pg_temp.h(x int DEFAULT (CASE WHEN true THEN 1 END)) RETURNS int RETURN x;`,
  `CREATE TEMP TABLE t (a int); CREATE RULE r AS ON INSERT TO t DO ALSO (SELECT 1; SELECT 2);`,
  `SELECT 1 AS "ünïcode;😀";`,
  `SELECT 'ü;😀';`,
  `SELECT $ü$;$ü$;`,
  `SELECT 1\r\n;`,
  `SELECT '\\';`,
  `SELECT 1\f;`,
]

/** Where `standard_conforming_strings` is off. */
export const OFF_PIECES: readonly string[] = [
  `SELECT 'a\\';b';`,
  `SELECT n'a\\';b';`,
  `SELECT 'a\\\\';`,
  `SELECT b'0' , 'x\\'''';`,
  `SELECT E'\\';';`,
  `SELECT U&"a\\;" FROM (SELECT 1) AS t (U&"a\\;");`,
]

/** Unfinished ends: what psql sends of them, when it comes to the end of a file. */
export const ENDS: readonly string[] = [`SELECT 9`, `SELECT 9 -- done`, `SELECT 9 /* done */`]

/** Two hundred and more scripts out of the pieces, the same every time. */
export function scriptsOf(
  pieces: readonly string[],
  ends: readonly string[],
  count: number,
): readonly string[] {
  const scripts = [...pieces]
  for (let index = 0; scripts.length < count; index += 1) {
    const pick = (step: number) => pieces[(index * step + step * 7) % pieces.length] ?? ''
    const separator = ['\n', ' ', '\n-- between\n', ' /* between */ '][index % 4] ?? '\n'
    const end = ends.length > 0 && index % 3 === 0 ? `${separator}${ends[index % ends.length] ?? ''}` : ''
    scripts.push([pick(1), pick(5), pick(11)].join(separator) + end)
  }
  return scripts
}

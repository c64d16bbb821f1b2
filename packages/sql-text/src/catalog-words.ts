/** Codes of PostgreSQL's catalogs as words, for queries that people read the answers of. */

/**
 * Turns codes of the catalog into words. Not with `CASE x WHEN`, which finds its `=` operator through the search path
 * (attack 73).
 */
export const wordOf = (column: string, words: Readonly<Record<string, string>>): string =>
  `CASE ${Object.entries(words)
    .map(
      ([sign, word]) => `WHEN ${column} OPERATOR(pg_catalog.=) '${sign}'::pg_catalog."char" THEN '${word}'`,
    )
    .join(' ')} END`

/** Kinds of relations as words, from `pg_class.relkind`. */
export const RELATION_KIND = wordOf('relation.relkind', {
  r: 'table',
  p: 'partitioned table',
  v: 'view',
  m: 'materialized view',
  f: 'foreign table',
  S: 'sequence',
  i: 'index',
  I: 'partitioned index',
  c: 'composite type',
  t: 'TOAST table',
})

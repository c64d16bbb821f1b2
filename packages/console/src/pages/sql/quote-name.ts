/** Quotes names for SQL. */

/**
 * Words that must be quoted as the name of a column or table: catcode R and T of PostgreSQL 18
 * (src/include/parser/kwlist.h).
 */
const RESERVED: ReadonlySet<string> = new Set(
  `all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate collation column
  concurrently constraint create cross current_catalog current_date current_role current_schema current_time current_timestamp
  current_user default deferrable desc distinct do else end except false fetch for foreign freeze from full grant group having
  ilike in initially inner intersect into is isnull join lateral leading left like limit localtime localtimestamp natural not
  notnull null offset on only or order outer overlaps placing primary references returning right select session_user similar some
  symmetric system_user table tablesample then to trailing true union unique user using variadic verbose when where window with`.split(
    /\s+/,
  ),
)

/** In double quotes if PostgreSQL would otherwise read it as another name, or as a keyword. */
export const quoteName = (name: string): string =>
  /^[a-z_][a-z0-9_$]*$/.test(name) && !RESERVED.has(name) ? name : `"${name.replaceAll('"', '""')}"`

export const quoteQualified = (schema: string, name: string): string =>
  schema === 'public' || schema === 'pg_catalog' ? quoteName(name) : `${quoteName(schema)}.${quoteName(name)}`

/**
 * The psql commands that the console and the built-in shell of `lakegate psql` answer with queries of the catalog. Every
 * name and operator in them is qualified with its schema, because they run with the rights of the person who looks (attack
 * 73).
 */
import { RELATION_KIND } from './catalog-words.ts'
import { parseNamePattern } from './name-pattern.ts'

export interface CatalogQuery {
  readonly text: string
  readonly parameters: readonly (string | null)[]
}

export interface CommandAnswer {
  readonly query: CatalogQuery
  readonly columns: readonly string[]
}

/** Compares name and schema with the pattern; a pattern without a schema matches what the search path makes visible. */
const matches = (name: string, schema: string, isVisible: string): string => `
  ($1::pg_catalog.text IS NULL OR ${name}::pg_catalog.text OPERATOR(pg_catalog.~) $1::pg_catalog.text)
  AND CASE WHEN $2::pg_catalog.text IS NULL THEN ${isVisible}
           ELSE ${schema}::pg_catalog.text OPERATOR(pg_catalog.~) $2::pg_catalog.text END`
const NOT_OF_THE_SYSTEM = `
  AND ($1::pg_catalog.text IS NOT NULL OR $2::pg_catalog.text IS NOT NULL
       OR schema.nspname OPERATOR(pg_catalog.<>) ALL (ARRAY['pg_catalog', 'information_schema']::pg_catalog.name[]))`

const listRelations = (kinds: string): string => `
  SELECT schema.nspname, relation.relname, ${RELATION_KIND}, pg_catalog.pg_get_userbyid(relation.relowner)
    FROM pg_catalog.pg_class AS relation
    JOIN pg_catalog.pg_namespace AS schema ON schema.oid OPERATOR(pg_catalog.=) relation.relnamespace
   WHERE relation.relkind OPERATOR(pg_catalog.=) ANY (ARRAY[${kinds}]::pg_catalog."char"[])
     AND ${matches('relation.relname', 'schema.nspname', 'pg_catalog.pg_table_is_visible(relation.oid)')}
     ${NOT_OF_THE_SYSTEM}
   ORDER BY schema.nspname, relation.relname`
const RELATION_COLUMNS = ['Schema', 'Name', 'Type', 'Owner']

const DESCRIBE = `
  WITH described AS MATERIALIZED (
    SELECT relation.oid, relation.relname, schema.nspname
      FROM pg_catalog.pg_class AS relation
      JOIN pg_catalog.pg_namespace AS schema ON schema.oid OPERATOR(pg_catalog.=) relation.relnamespace
     WHERE ${matches('relation.relname', 'schema.nspname', 'pg_catalog.pg_table_is_visible(relation.oid)')})
  SELECT pg_catalog.concat(described.nspname, '.', described.relname), part.kind, part.name, part.definition,
         part.nullable, part.standard
    FROM described
   CROSS JOIN LATERAL (
      SELECT 1 AS section, attribute.attnum::pg_catalog.int4 AS place, 'column' AS kind,
             attribute.attname::pg_catalog.text AS name,
             pg_catalog.format_type(attribute.atttypid, attribute.atttypmod) AS definition,
             CASE WHEN attribute.attnotnull THEN 'not null' END AS nullable,
             pg_catalog.pg_get_expr(default_value.adbin, default_value.adrelid) AS standard
        FROM pg_catalog.pg_attribute AS attribute
        LEFT JOIN pg_catalog.pg_attrdef AS default_value
          ON default_value.adrelid OPERATOR(pg_catalog.=) attribute.attrelid
             AND default_value.adnum OPERATOR(pg_catalog.=) attribute.attnum
       WHERE attribute.attrelid OPERATOR(pg_catalog.=) described.oid
         AND attribute.attnum OPERATOR(pg_catalog.>) 0 AND NOT attribute.attisdropped
      UNION ALL
      SELECT 2, 0, 'index', index_relation.relname::pg_catalog.text, pg_catalog.pg_get_indexdef(index.indexrelid), NULL, NULL
        FROM pg_catalog.pg_index AS index
        JOIN pg_catalog.pg_class AS index_relation ON index_relation.oid OPERATOR(pg_catalog.=) index.indexrelid
       WHERE index.indrelid OPERATOR(pg_catalog.=) described.oid
      UNION ALL
      SELECT 3, 0, 'constraint', pg_constraint.conname::pg_catalog.text, pg_catalog.pg_get_constraintdef(pg_constraint.oid), NULL, NULL
        FROM pg_catalog.pg_constraint
       WHERE pg_constraint.conrelid OPERATOR(pg_catalog.=) described.oid
      UNION ALL
      SELECT 4, 0, 'referenced by', pg_catalog.format('%s', pg_constraint.conrelid::pg_catalog.regclass),
             pg_catalog.pg_get_constraintdef(pg_constraint.oid), NULL, NULL
        FROM pg_catalog.pg_constraint
       WHERE pg_constraint.confrelid OPERATOR(pg_catalog.=) described.oid
      UNION ALL
      SELECT 5, 0, 'trigger', pg_trigger.tgname::pg_catalog.text, pg_catalog.pg_get_triggerdef(pg_trigger.oid), NULL, NULL
        FROM pg_catalog.pg_trigger
       WHERE pg_trigger.tgrelid OPERATOR(pg_catalog.=) described.oid AND NOT pg_trigger.tgisinternal
      UNION ALL
      SELECT 6, 0, 'policy', pg_policy.polname::pg_catalog.text, pg_catalog.pg_get_expr(pg_policy.polqual, pg_policy.polrelid), NULL, NULL
        FROM pg_catalog.pg_policy
       WHERE pg_policy.polrelid OPERATOR(pg_catalog.=) described.oid
      ) AS part
   ORDER BY described.nspname, described.relname, described.oid, part.section, part.place, part.name`
const DESCRIBE_COLUMNS = ['Relation', 'Part', 'Name', 'Type or definition', 'Nullable', 'Default']

const NAME_ONLY = (name: string): string =>
  `($1::pg_catalog.text IS NULL OR ${name}::pg_catalog.text OPERATOR(pg_catalog.~) $1::pg_catalog.text)
   AND ($2::pg_catalog.text IS NULL)`

const SCHEMAS = `
  SELECT schema.nspname, pg_catalog.pg_get_userbyid(schema.nspowner)
    FROM pg_catalog.pg_namespace AS schema
   WHERE ${NAME_ONLY('schema.nspname')}
     AND ($1::pg_catalog.text IS NOT NULL OR (schema.nspname OPERATOR(pg_catalog.!~) '^pg_'
          AND schema.nspname OPERATOR(pg_catalog.<>) 'information_schema'))
   ORDER BY schema.nspname`

const ROLES = `
  SELECT role.rolname,
         pg_catalog.concat_ws(', ',
           CASE WHEN role.rolsuper THEN 'Superuser' END, CASE WHEN NOT role.rolinherit THEN 'No inheritance' END,
           CASE WHEN role.rolcreaterole THEN 'Create role' END, CASE WHEN role.rolcreatedb THEN 'Create DB' END,
           CASE WHEN NOT role.rolcanlogin THEN 'Cannot login' END, CASE WHEN role.rolreplication THEN 'Replication' END,
           CASE WHEN role.rolbypassrls THEN 'Bypass RLS' END)
    FROM pg_catalog.pg_roles AS role
   WHERE ${NAME_ONLY('role.rolname')}
     AND ($1::pg_catalog.text IS NOT NULL OR role.rolname OPERATOR(pg_catalog.!~) '^pg_')
   ORDER BY role.rolname`

const DATABASES = `
  SELECT database.datname, pg_catalog.pg_get_userbyid(database.datdba),
         pg_catalog.pg_encoding_to_char(database.encoding), database.datcollate
    FROM pg_catalog.pg_database AS database
   WHERE ${NAME_ONLY('database.datname')}
   ORDER BY database.datname`

const EXTENSIONS = `
  SELECT extension.extname, extension.extversion, schema.nspname,
         pg_catalog.obj_description(extension.oid, 'pg_extension')
    FROM pg_catalog.pg_extension AS extension
    JOIN pg_catalog.pg_namespace AS schema ON schema.oid OPERATOR(pg_catalog.=) extension.extnamespace
   WHERE ${NAME_ONLY('extension.extname')}
   ORDER BY extension.extname`

const CONNECTION = `
  SELECT pg_catalog.current_database(), SESSION_USER::pg_catalog.text, CURRENT_USER::pg_catalog.text,
         pg_catalog.pg_backend_pid()::pg_catalog.text, pg_catalog.current_setting('server_version'),
         pg_catalog.current_setting('TimeZone')`

const TABLES = `'r', 'p'`
const EVERYTHING = `'r', 'p', 'v', 'm', 'f', 'S'`

/** The commands that are answered, without the suffixes `+` and `S` of psql: there is nothing more to show. */
const COMMANDS: Readonly<Record<string, { readonly text: string; readonly columns: readonly string[] }>> = {
  dt: { text: listRelations(TABLES), columns: RELATION_COLUMNS },
  dn: { text: SCHEMAS, columns: ['Name', 'Owner'] },
  du: { text: ROLES, columns: ['Role name', 'Attributes'] },
  dg: { text: ROLES, columns: ['Role name', 'Attributes'] },
  l: { text: DATABASES, columns: ['Name', 'Owner', 'Encoding', 'Collate'] },
  dx: { text: EXTENSIONS, columns: ['Name', 'Version', 'Schema', 'Description'] },
}

const LONGEST_COMMAND = 32

/** @returns undefined for a command that works only in psql */
export function answerPsqlCommand(command: string, argument: string): CommandAnswer | undefined {
  // No command of psql is longer, and the pattern takes quadratic time.
  const base = command.length > LONGEST_COMMAND ? command : command.replace(/[S+]+$/, '')
  if (base === 'conninfo')
    return {
      query: { text: CONNECTION, parameters: [] },
      columns: ['Database', 'Session user', 'Current user', 'Process', 'Server version', 'Time zone'],
    }
  const { name, schema } = parseNamePattern(argument)
  const parameters = [name ?? null, schema ?? null]
  if (base === 'd')
    return argument === ''
      ? { query: { text: listRelations(EVERYTHING), parameters }, columns: RELATION_COLUMNS }
      : { query: { text: DESCRIBE, parameters }, columns: DESCRIBE_COLUMNS }
  const known = COMMANDS[base]
  return known && { query: { text: known.text, parameters }, columns: known.columns }
}

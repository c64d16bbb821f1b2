/**
 * The queries of the schema browser and the completion. They return only what the person's role may see, because that
 * role executes them.
 */
import type { SqlCatalogQuestion } from '@lakegate/client'
import { RELATION_KIND, wordOf, type CatalogQuery } from '@lakegate/sql-text'

const FUNCTION_KIND = wordOf('function.prokind', {
  f: 'function',
  p: 'procedure',
  a: 'aggregate',
  w: 'window function',
})
const BROWSED_KINDS = `ARRAY['r', 'p', 'v', 'm', 'f', 'S']::pg_catalog."char"[]`

const SCHEMAS = `
  SELECT schema.nspname, pg_catalog.pg_get_userbyid(schema.nspowner),
         pg_catalog.obj_description(schema.oid, 'pg_namespace')
    FROM pg_catalog.pg_namespace AS schema
   WHERE pg_catalog.has_schema_privilege(schema.oid, 'USAGE')
     AND NOT pg_catalog.pg_is_other_temp_schema(schema.oid)
     AND schema.nspname OPERATOR(pg_catalog.!~) '^pg_toast'
   ORDER BY schema.nspname`

const RELATIONS = `
  SELECT relation.relname, ${RELATION_KIND}, pg_catalog.obj_description(relation.oid, 'pg_class')
    FROM pg_catalog.pg_class AS relation
    JOIN pg_catalog.pg_namespace AS schema ON schema.oid OPERATOR(pg_catalog.=) relation.relnamespace
   WHERE schema.nspname OPERATOR(pg_catalog.=) $1::pg_catalog.name
     AND relation.relkind OPERATOR(pg_catalog.=) ANY (${BROWSED_KINDS})
   ORDER BY relation.relname`

const COLUMNS = `
  SELECT attribute.attname, pg_catalog.format_type(attribute.atttypid, attribute.atttypmod),
         CASE WHEN attribute.attnotnull THEN 'not null' END,
         pg_catalog.pg_get_expr(standard.adbin, standard.adrelid),
         pg_catalog.col_description(attribute.attrelid, attribute.attnum)
    FROM pg_catalog.pg_attribute AS attribute
    JOIN pg_catalog.pg_class AS relation ON relation.oid OPERATOR(pg_catalog.=) attribute.attrelid
    JOIN pg_catalog.pg_namespace AS schema ON schema.oid OPERATOR(pg_catalog.=) relation.relnamespace
    LEFT JOIN pg_catalog.pg_attrdef AS standard
      ON standard.adrelid OPERATOR(pg_catalog.=) attribute.attrelid
         AND standard.adnum OPERATOR(pg_catalog.=) attribute.attnum
   WHERE schema.nspname OPERATOR(pg_catalog.=) $1::pg_catalog.name
     AND relation.relname OPERATOR(pg_catalog.=) $2::pg_catalog.name
     AND attribute.attnum OPERATOR(pg_catalog.>) 0 AND NOT attribute.attisdropped
   ORDER BY attribute.attnum`

const FUNCTIONS = `
  SELECT function.proname, pg_catalog.pg_get_function_identity_arguments(function.oid),
         pg_catalog.pg_get_function_result(function.oid),
         ${FUNCTION_KIND}
    FROM pg_catalog.pg_proc AS function
    JOIN pg_catalog.pg_namespace AS schema ON schema.oid OPERATOR(pg_catalog.=) function.pronamespace
   WHERE schema.nspname OPERATOR(pg_catalog.=) $1::pg_catalog.name
     AND pg_catalog.has_function_privilege(function.oid, 'EXECUTE')
   ORDER BY function.proname, function.oid`

const ROLES = `
  SELECT role.rolname, CASE WHEN role.rolcanlogin THEN 'login' END
    FROM pg_catalog.pg_roles AS role
   WHERE role.rolname OPERATOR(pg_catalog.!~) '^pg_'
   ORDER BY role.rolname`

const DATABASES = `
  SELECT database.datname, pg_catalog.pg_get_userbyid(database.datdba)
    FROM pg_catalog.pg_database AS database
   WHERE database.datallowconn AND NOT database.datistemplate
     AND pg_catalog.has_database_privilege(database.oid, 'CONNECT')
   ORDER BY database.datname`

/**
 * Columns of the answers, in their order. Schemas: name, owner, comment. Relations: name, kind, comment. Columns: name, type,
 * `not null`, default, comment. Functions: name, arguments, result, kind. Roles: name, `login`. Databases: name, owner.
 */
export function queryOf(question: SqlCatalogQuestion): CatalogQuery {
  switch (question.about) {
    case 'schemas':
      return { text: SCHEMAS, parameters: [] }
    case 'relations':
      return { text: RELATIONS, parameters: [question.schema] }
    case 'columns':
      return { text: COLUMNS, parameters: [question.schema, question.relation] }
    case 'functions':
      return { text: FUNCTIONS, parameters: [question.schema] }
    case 'roles':
      return { text: ROLES, parameters: [] }
    case 'databases':
      return { text: DATABASES, parameters: [] }
  }
}

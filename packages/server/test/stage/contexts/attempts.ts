/**
 * What the attacker's code tries: statements of PostgreSQL's own, which tell what the rights in force allow, and every
 * function, view, table and event trigger of ours, found in the catalog.
 */
import { LOOKALIKE_OF_READER, type AttackedInstance } from './attacked-instance.ts'

export interface Attempt {
  /**
   * `entry`: what users, or the gateway, call by its name. `inner`: all else of ours.
   */
  readonly whose: 'postgresql' | 'entry' | 'inner'
  readonly statement: string
}

export interface OwnObject {
  readonly kind: 'schema' | 'function' | 'relation' | 'event trigger' | 'other'
  readonly schema: string | null
  readonly name: string
  /** As in ALTER EXTENSION … DROP. */
  readonly identity: string
  readonly catalog: string
  readonly oid: string
  /** Of a function. */
  readonly argumentTypes: readonly string[] | null
  readonly returns: string | null
  readonly language: string | null
  readonly searchPath: string | null
  /** Of an event trigger. */
  readonly event: string | null
}

/** On an attached instance nothing but their names tells that they are ours, and no stranger made any there. */
const BY_NAME = `
  SELECT 'pg_proc'::regclass::oid AS classid, proc.oid AS objid
    FROM pg_proc AS proc JOIN pg_namespace AS namespace ON namespace.oid = proc.pronamespace
   WHERE namespace.nspname ~ '^databricks_' OR proc.proname ~ '^databricks_'
   UNION ALL
  SELECT 'pg_class'::regclass, class.oid
    FROM pg_class AS class JOIN pg_namespace AS namespace ON namespace.oid = class.relnamespace
   WHERE class.relkind <> 'i' AND (namespace.nspname ~ '^databricks_' OR class.relname ~ '^databricks_')
   UNION ALL
  SELECT 'pg_namespace'::regclass, oid FROM pg_namespace WHERE nspname ~ '^databricks_'
   UNION ALL
  SELECT 'pg_event_trigger'::regclass, oid FROM pg_event_trigger WHERE evtname ~ '^databricks_'`

/** Types of rows and arrays come and go with what they are made of. */
const BY_MEMBERSHIP = `
  SELECT classid, objid FROM pg_depend
   WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'
     AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'databricks_auth')
     AND classid <> 'pg_type'::regclass`

const describe = (members: string) => `
  SELECT CASE member.classid WHEN 'pg_namespace'::regclass THEN 'schema' WHEN 'pg_proc'::regclass THEN 'function'
           WHEN 'pg_class'::regclass THEN 'relation' WHEN 'pg_event_trigger'::regclass THEN 'event trigger'
           ELSE 'other' END AS kind,
         object.schema, COALESCE(proc.proname::text, object.name, trigger.evtname::text) AS name,
         object.identity, member.classid::regclass::text AS catalog, member.objid::text AS oid,
         (SELECT array_agg(type::regtype::text ORDER BY position)
            FROM unnest(proc.proargtypes::oid[]) WITH ORDINALITY AS argument (type, position)) AS "argumentTypes",
         proc.prorettype::regtype::text AS returns,
         (SELECT lanname::text FROM pg_language WHERE oid = proc.prolang) AS language,
         (SELECT setting FROM unnest(proc.proconfig) AS setting WHERE setting ~ '^search_path=') AS "searchPath",
         trigger.evtevent::text AS event
    FROM (${members}) AS member
   CROSS JOIN LATERAL pg_identify_object(member.classid, member.objid, 0) AS object
    LEFT JOIN pg_proc AS proc ON member.classid = 'pg_proc'::regclass AND proc.oid = member.objid
    LEFT JOIN pg_event_trigger AS trigger
      ON member.classid = 'pg_event_trigger'::regclass AND trigger.oid = member.objid
   ORDER BY object.identity`

export async function findOwnObjects(
  { observer }: AttackedInstance,
  members: 'by name' | 'by membership',
): Promise<readonly OwnObject[]> {
  const { rows } = await observer.query<OwnObject>(describe(members === 'by name' ? BY_NAME : BY_MEMBERSHIP))
  return rows
}

export const attemptsOf = (instance: AttackedInstance, objects: readonly OwnObject[]): readonly Attempt[] => [
  ...postgresqlsOwn(instance).map((statement) => ({ whose: 'postgresql', statement }) as const),
  ...objects.flatMap((object) => attemptsOn(instance, object) ?? []),
]

/** The owner's rights, or those of a superuser. */
function postgresqlsOwn({ owner, treasurer }: AttackedInstance): readonly string[] {
  return [
    `GRANT "${treasurer.applicationId}" TO accomplice`,
    `GRANT "${owner}" TO accomplice`,
    'CREATE ROLE made_by_attack',
    `${MAKE_A_TABLE}; ALTER TABLE attack.made OWNER TO SESSION_USER`,
  ]
}

/** @returns undefined where this file has to learn what it could be used for */
export function attemptsOn(instance: AttackedInstance, object: OwnObject): readonly Attempt[] | undefined {
  switch (object.kind) {
    case 'schema':
      return [inner(`CREATE FUNCTION ${object.name}.planted() RETURNS int LANGUAGE sql RETURN 1`)]
    case 'relation':
      return attemptsOnRelation(instance, object)
    case 'event trigger':
      return object.event === 'ddl_command_end' ? [inner(MAKE_A_TABLE)] : undefined
    case 'function':
      return object.name.startsWith('databricks_')
        ? attemptsToEnter(instance, object)
        : attemptsToCall(instance, object)
    case 'other':
      return undefined
  }
}

const MAKE_A_TABLE = 'DROP TABLE IF EXISTS attack.made; CREATE TABLE attack.made ()'
const inner = (statement: string): Attempt => ({ whose: 'inner', statement })

/** What users, or the gateway, call by its name, with the arguments that would help the attacker most. */
function attemptsToEnter(
  instance: AttackedInstance,
  { schema, name }: OwnObject,
): readonly Attempt[] | undefined {
  const { newcomer, owner, treasurer } = instance
  const label = labelOf(instance)
  const calls: Readonly<Record<string, readonly string[]>> = {
    databricks_create_role: [`'${newcomer.applicationId}', 'SERVICE_PRINCIPAL'`],
    databricks_set_role_label: [
      `'${treasurer.applicationId}', NULL`,
      `'${treasurer.applicationId}', '${label}'`,
      `'${owner}', NULL`,
      `'${owner}', '${label}'`,
    ],
    databricks_session_identity: [''],
    databricks_open_claims: ["'guessed'"],
    databricks_lend_claims: ["'guessed'"],
    databricks_return_claims: ["pg_catalog.current_setting('role')", `'${LOOKALIKE_OF_READER}'`],
  }
  const statements = calls[name]?.map((values) => `SELECT ${schema ?? ''}.${name}(${values})`)
  // Once with the ticket of a session of the attacker's in the place of this session's.
  const foreign = statements?.slice(-1).map((call) => `SELECT attack.bring_ticket(); ${call}`) ?? []
  return statements?.concat(foreign).map((statement) => ({ whose: 'entry', statement }))
}

const LONGEST_LIST = 12

/** What is not meant to be called: with everything that its types allow. Trigger functions cannot be called. */
function attemptsToCall(
  instance: AttackedInstance,
  { identity, argumentTypes, returns }: OwnObject,
): readonly Attempt[] | undefined {
  if (returns === 'trigger') return undefined
  // Needs an event trigger of its own, which only a superuser can make; ours fires where a table is made.
  if (returns === 'event_trigger') return []
  let lists: readonly (readonly string[])[] = [[]]
  for (const type of argumentTypes ?? []) {
    const values = valuesOf(instance, type)
    if (values === undefined) return undefined
    lists = lists.flatMap((list) => values.map((value) => [...list, value]))
  }
  const step = Math.ceil(lists.length / LONGEST_LIST)
  const name = identity.slice(0, identity.indexOf('('))
  return lists
    .filter((_list, index) => index % step === 0)
    .map((values) => inner(`SELECT ${name}(${values.join(', ')})`))
}

function valuesOf(instance: AttackedInstance, type: string): readonly string[] | undefined {
  const { newcomer, owner, treasurer } = instance
  const names = [treasurer.applicationId, owner, newcomer.applicationId, LOOKALIKE_OF_READER]
  const label = labelOf(instance)
  switch (type) {
    case 'text':
      return ['NULL', ...names.map((name) => `'${name}'`), `'${label}'`, "'SERVICE_PRINCIPAL'"]
    case 'name':
      return names.map((name) => `'${name}'`)
    case 'oid':
      return [treasurer.applicationId, owner].map((name) => `'"${name}"'::pg_catalog.regrole`)
    case 'boolean':
      return ['true']
    case 'text[]':
      return [`ARRAY['label', '${treasurer.applicationId}', '${label}']`]
    default:
      return undefined
  }
}

const labelOf = ({ attacker }: AttackedInstance): string => `id=${attacker.id},type=SERVICE_PRINCIPAL`

/** A function of the attacker's in a query is run with the rights of whoever the query is run as. */
function attemptsOnRelation(
  { owner, treasurer }: AttackedInstance,
  { identity }: OwnObject,
): readonly Attempt[] {
  return [
    ...[owner, treasurer.applicationId].map((role) =>
      inner(`SELECT count(*) FROM ${identity} AS it WHERE attack.grab('${role}')`),
    ),
    inner(`INSERT INTO ${identity} DEFAULT VALUES`),
    inner(`DELETE FROM ${identity}`),
  ]
}

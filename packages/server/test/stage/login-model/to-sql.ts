/** From a statement of a sequence to the SQL that a session sends, with everything schema-qualified that may be shadowed. */
import pg from 'pg'
import type { Actor, Container, Deed, LabelWord, Newcomer, RoleWord, Sent } from './statements.ts'
import { COUNT_RUN } from './witness.ts'

/** What the words of a sequence mean in one arena, and what the catalog says of Lakegate's own objects in it. */
export interface Scene {
  readonly roleNames: Readonly<Record<RoleWord, string>>
  readonly labels: Readonly<Record<LabelWord, string | null>>
  readonly newcomers: Readonly<Record<Newcomer, { readonly name: string; readonly type: string }>>
  /** Every table, view and sequence in the cluster's schemas that belongs to the superuser and is not PostgreSQL's. */
  readonly tables: readonly OurTable[]
  /** Every function of the extension, with the types of its arguments. */
  readonly functions: readonly OurFunction[]
}

export interface OurTable {
  readonly name: string
  readonly isView: boolean
  readonly columns: readonly { readonly name: string; readonly type: string }[]
}

export interface OurFunction {
  readonly name: string
  readonly argumentTypes: readonly string[]
  readonly result: string
}

export interface Plant {
  readonly by: Actor
  readonly name: string
  readonly container: Container
}

export interface Line {
  readonly text: string
  /** Rows for COPY FROM STDIN. */
  readonly rows?: string
}

const { escapeIdentifier: identifier, escapeLiteral: literal } = pg

const orNull = (value: string | null): string => (value === null ? 'NULL' : literal(value))

/** `{word}` is the name of a role, `{'word'}` a string with that name. */
const fillIn = (scene: Scene, text: string): string =>
  text.replace(/\{('?)(\w+)\1\}/g, (_whole, quote: string, word: string) => {
    const name = scene.roleNames[word as RoleWord]
    return quote === '' ? identifier(name) : literal(name)
  })

const setLabelCall = (scene: Scene, role: RoleWord, label: LabelWord) => {
  const [name, value] = [literal(scene.roleNames[role]), orNull(scene.labels[label])]
  return {
    note: `witness.note('set_label', ${name}, ${value})`,
    call: `public.databricks_set_role_label(${name}, ${value})`,
  }
}

const createRoleCall = (scene: Scene, newcomer: Newcomer) => {
  const { name, type } = scene.newcomers[newcomer]
  return {
    note: `witness.note('create_role', ${literal(name)}, NULL)`,
    call: `public.databricks_create_role(${literal(name)}, ${literal(type)})`,
  }
}

/** The witness speaks first, in the same session and transaction. */
const lineOf = ({ note, call }: { readonly note: string; readonly call: string }): Line => ({
  text: `SELECT ${note}; SELECT ${call}`,
})

export function linesOf(scene: Scene, sent: Sent, plants: Plant[]): readonly Line[] {
  switch (sent.kind) {
    case 'sql': {
      const text = fillIn(scene, sent.text)
      return [text.includes('FROM STDIN') ? { text, rows: '' } : { text }]
    }
    case 'set_label':
      return [lineOf(setLabelCall(scene, sent.role, sent.label))]
    case 'create_role':
      return [lineOf(createRoleCall(scene, sent.newcomer))]
    case 'plant': {
      const plant = { by: sent.by, name: `s_${sent.by}.k${String(plants.length)}`, container: sent.container }
      plants.push(plant)
      return [{ text: plantSql(scene, plant, sent.isDefiner, sent.deed) }]
    }
    case 'use': {
      const line = useLine(plants, sent.plant, sent.way, USES)
      return line === undefined ? [] : [line]
    }
    case 'write':
      return writeLines(scene, sent)
    case 'call': {
      const called = at(
        // These two are called with their witness, by statements of their own.
        scene.functions.filter(({ name }) => !/databricks_(set_role_label|create_role)$/.test(name)),
        sent.function,
      )
      if (called === undefined) return []
      const given = called.argumentTypes.map((type, index) =>
        anyValue(scene, type, index === 0 ? 'role' : 'label', sent),
      )
      return [{ text: `SELECT ${called.name}(${given.join(', ')})` }]
    }
    case 'replace':
      return replaceLines(scene, sent.function, sent.deed, sent.by)
  }
}

const at = <Item>(items: readonly Item[], index: number): Item | undefined =>
  items.length === 0 ? undefined : items[index % items.length]

/** The newest first: what was planted a moment ago is what a sequence is about. */
export const plantAt = (plants: readonly Plant[], index: number): Plant | undefined =>
  at(plants.toReversed(), index)

export function useLine(plants: readonly Plant[], index: number, way: number, uses: Uses): Line | undefined {
  const plant = plantAt(plants, index)
  const line = plant === undefined ? undefined : at(uses[plant.container] ?? [], way)
  return plant === undefined || line === undefined
    ? undefined
    : { ...line, text: line.text.replaceAll('{k}', plant.name).replaceAll('{s}', `s_${plant.by}`) }
}

const deedSql = (scene: Scene, deed: Deed, planter: Actor): string => {
  const { note, call } =
    deed.then === 'create_role'
      ? createRoleCall(scene, deed.newcomer)
      : setLabelCall(scene, deed.role, deed.label)
  const name = scene.roleNames[deed.role]
  const first = {
    nothing: '',
    grant: `EXECUTE ${literal(`GRANT ${identifier(name)} TO ${identifier(scene.roleNames[planter])} WITH ADMIN TRUE`)};`,
    assume: `PERFORM pg_catalog.set_config('role', ${literal(name)}, false);`,
  }[deed.first]
  const act =
    deed.then === 'write_catalog'
      ? `UPDATE pg_catalog.pg_shseclabel SET label = ${orNull(scene.labels[deed.label])}
          WHERE objoid = (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = ${literal(name)});`
      : `PERFORM ${note}; PERFORM ${call};`
  return deed.isSilent
    ? `PERFORM witness.block('opened'); BEGIN ${first} ${act} PERFORM witness.block('closed'); EXCEPTION WHEN OTHERS THEN PERFORM witness.block('failed'); END;`
    : `${first} ${act}`
}

/**
 * Objects in the schema of an actor that everybody may use. What carries the code is harmless while it is made, because
 * PostgreSQL would run it there and then, and is replaced afterwards.
 */
function plantSql(scene: Scene, { by, name, container }: Plant, isDefiner: boolean, deed: Deed): string {
  const definer = isDefiner ? 'SECURITY DEFINER' : 'SECURITY INVOKER'
  const carrier = CARRIERS[container] ?? 'scalar'
  const code = (body: string) => CARRIER_SQL[carrier](name, body)
  return [
    `CREATE FUNCTION ${name}_deed() RETURNS pg_catalog.void LANGUAGE plpgsql ${definer} AS $deed$ BEGIN ${deedSql(scene, deed, by)} END $deed$`,
    code(''),
    `CREATE TABLE ${name}_t (a pg_catalog.int4); INSERT INTO ${name}_t SELECT pg_catalog.generate_series(1, 3)`,
    CONTAINER_SQL[container](name),
    `GRANT ALL ON ALL TABLES IN SCHEMA s_${by} TO PUBLIC`,
    code(`PERFORM ${name}_deed();`),
  ].join(';\n')
}

type Carrier = 'scalar' | 'two_values' | 'row' | 'trigger' | 'event_trigger'

const CARRIERS: Readonly<Partial<Record<Container, Carrier>>> = {
  row_trigger: 'trigger',
  statement_trigger: 'trigger',
  deferred_trigger: 'trigger',
  event_trigger: 'event_trigger',
  operator: 'two_values',
  aggregate: 'two_values',
  cast: 'row',
}

const carry = (signature: string, result: string, volatility: string, body: string, value: string): string =>
  `CREATE OR REPLACE FUNCTION ${signature} RETURNS ${result} LANGUAGE plpgsql ${volatility} AS $carrier$ BEGIN ${body} ${value} END $carrier$`

const CARRIER_SQL: Readonly<Record<Carrier, (name: string, body: string) => string>> = {
  scalar: (name, body) => carry(`${name}_f(a int)`, 'int', 'IMMUTABLE', body, 'RETURN a;'),
  two_values: (name, body) => carry(`${name}_f(a int, b int)`, 'int', 'IMMUTABLE', body, 'RETURN a;'),
  row: (name, body) =>
    (body === '' ? `CREATE TYPE ${name}_c AS (a int); ` : '') +
    carry(`${name}_f(a ${name}_c)`, 'int', 'IMMUTABLE', body, 'RETURN 1;'),
  trigger: (name, body) => carry(`${name}_f()`, 'trigger', 'VOLATILE', body, 'RETURN COALESCE(NEW, OLD);'),
  event_trigger: (name, body) => carry(`${name}_f()`, 'event_trigger', 'VOLATILE', body, ''),
}

const EVERY_CHANGE = 'INSERT OR UPDATE OR DELETE'

const CONTAINER_SQL: Readonly<Record<Container, (name: string) => string>> = {
  function: () => 'SELECT',
  row_trigger: (k) =>
    `CREATE TRIGGER k BEFORE ${EVERY_CHANGE} ON ${k}_t FOR EACH ROW EXECUTE FUNCTION ${k}_f()`,
  statement_trigger: (k) =>
    `CREATE TRIGGER k AFTER ${EVERY_CHANGE} OR TRUNCATE ON ${k}_t EXECUTE FUNCTION ${k}_f()`,
  deferred_trigger: (k) =>
    `CREATE CONSTRAINT TRIGGER k AFTER ${EVERY_CHANGE} ON ${k}_t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ${k}_f()`,
  view: (k) => `CREATE VIEW ${k}_v AS SELECT ${k}_f(a) FROM ${k}_t`,
  invoker_view: (k) => `CREATE VIEW ${k}_v WITH (security_invoker) AS SELECT ${k}_f(a) FROM ${k}_t`,
  rule: (k) => `CREATE RULE k AS ON INSERT TO ${k}_t DO ALSO SELECT ${k}_f(1)`,
  index: (k) => `CREATE INDEX ON ${k}_t (${k}_f(a))`,
  materialized_view: (k) => `CREATE MATERIALIZED VIEW ${k}_m AS SELECT ${k}_f(a) FROM ${k}_t`,
  domain: (k) => `CREATE DOMAIN ${k}_d AS int CHECK (${k}_f(VALUE) > 0)`,
  check: (k) => `ALTER TABLE ${k}_t ADD CHECK (${k}_f(a) > 0)`,
  default: (k) => `ALTER TABLE ${k}_t ADD b int DEFAULT ${k}_f(1)`,
  generated: (k) => `ALTER TABLE ${k}_t ADD b int GENERATED ALWAYS AS (${k}_f(a)) STORED`,
  policy: (k) =>
    `ALTER TABLE ${k}_t ENABLE ROW LEVEL SECURITY; ALTER TABLE ${k}_t FORCE ROW LEVEL SECURITY; CREATE POLICY k ON ${k}_t USING (${k}_f(a) > 0)`,
  cast: (k) => `CREATE CAST (${k}_c AS int) WITH FUNCTION ${k}_f(${k}_c)`,
  operator: (k) =>
    `CREATE OPERATOR ${k.replace(/[.].*/, '')}.### (LEFTARG = int, RIGHTARG = int, FUNCTION = ${k}_f)`,
  aggregate: (k) => `CREATE AGGREGATE ${k}_a(int) (SFUNC = ${k}_f, STYPE = int, INITCOND = '0')`,
  event_trigger: (k) => `CREATE EVENT TRIGGER "${k}" ON ddl_command_end EXECUTE FUNCTION ${k}_f()`,
}

type Uses = Readonly<Partial<Record<Container, readonly Line[]>>>

const lines = (...texts: readonly string[]): readonly Line[] =>
  texts.map((text) => (text.includes('FROM STDIN') ? { text, rows: '5\n' } : { text }))

const CHANGES = [
  'INSERT INTO {k}_t (a) VALUES (4)',
  'UPDATE {k}_t SET a = a',
  'DELETE FROM {k}_t',
  'COPY {k}_t (a) FROM STDIN',
]
const UPKEEP = ['ANALYZE {k}_t', 'REINDEX TABLE {k}_t', 'VACUUM ANALYZE {k}_t', 'VACUUM FULL {k}_t']

/** How somebody comes upon what another has planted. */
export const USES: Uses = {
  function: lines('SELECT {k}_f(1)', 'DO $$ BEGIN PERFORM {k}_f(1); END $$', 'CALL {k}_f(1)'),
  row_trigger: lines(...CHANGES),
  statement_trigger: lines(...CHANGES, 'TRUNCATE {k}_t'),
  deferred_trigger: lines(...CHANGES),
  view: lines('SELECT * FROM {k}_v'),
  invoker_view: lines('SELECT * FROM {k}_v'),
  rule: lines('INSERT INTO {k}_t (a) VALUES (4)'),
  index: lines(...UPKEEP, ...CHANGES, 'CREATE INDEX ON {k}_t ({k}_f(a))'),
  materialized_view: lines('REFRESH MATERIALIZED VIEW {k}_m', 'SELECT * FROM {k}_m'),
  domain: lines(
    'SELECT 1::{k}_d',
    'CREATE TEMPORARY TABLE IF NOT EXISTS k (a {k}_d); INSERT INTO k VALUES (1)',
  ),
  check: lines(...CHANGES, 'ALTER TABLE {k}_t ADD CHECK ({k}_f(a) > 0)'),
  default: lines(...CHANGES),
  generated: lines(...CHANGES, 'ANALYZE {k}_t'),
  policy: lines('SELECT * FROM {k}_t', ...CHANGES, 'COPY {k}_t TO STDOUT'),
  cast: lines('SELECT ROW(1)::{k}_c::int'),
  operator: lines('SELECT {k}_f(1, 2)', 'SELECT 1 OPERATOR({s}.###) 2'),
  aggregate: lines('SELECT {k}_a(a) FROM {k}_t'),
  event_trigger: lines('CREATE TEMPORARY TABLE k (a int)'),
}

/** What administrators and autovacuum do to tables of others; PostgreSQL itself goes on as the owner there. */
export const MAINTENANCE: Uses = Object.fromEntries(
  Object.keys(USES).map((container) => [
    container,
    lines(
      ...(container === 'materialized_view' ? ['REFRESH MATERIALIZED VIEW {k}_m'] : []),
      ...(container === 'index'
        ? ['CREATE INDEX ON {k}_t ({k}_f(a))', 'ANALYZE {k}_t', 'ANALYZE {k}_t']
        : []),
      ...UPKEEP,
    ),
  ]),
)

interface Values {
  readonly role: RoleWord
  readonly label: LabelWord
}

/** A value that may make sense in a column or argument of this type. */
function anyValue(scene: Scene, type: string, hint: string, { role, label }: Values): string {
  const name = scene.roleNames[role]
  if (type === 'oid' || type.startsWith('reg'))
    return `(SELECT oid FROM pg_catalog.pg_roles WHERE rolname = ${literal(name)})`
  if (type === 'boolean') return 'true'
  if (/^(bigint|integer|smallint|numeric|xid8?)$/.test(type)) return `'1'`
  if (type.startsWith('json')) return `'{}'`
  if (/^(text|name|character)/.test(type))
    return /label|binding/.test(hint) ? orNull(scene.labels[label]) : literal(name)
  return 'NULL'
}

function writeLines(scene: Scene, sent: Extract<Sent, { kind: 'write' }>): readonly Line[] {
  const table = at(scene.tables, sent.table)
  if (table === undefined) return []
  const given = table.columns.map(({ name, type }, index) => ({
    name: identifier(name),
    value: (sent.defaults >> index) % 2 === 1 ? 'DEFAULT' : anyValue(scene, type, name, sent),
  }))
  const names = given.map(({ name }) => name).join(', ')
  const all =
    given.length === 0
      ? 'DEFAULT VALUES'
      : `(${names}) VALUES (${given.map(({ value }) => value).join(', ')})`
  switch (sent.verb) {
    case 'INSERT':
      return [{ text: `INSERT INTO ${table.name} ${all}` }]
    case 'UPDATE':
      return given.length === 0
        ? []
        : [
            {
              text: `UPDATE ${table.name} SET ${given.map(({ name, value }) => `${name} = ${value}`).join(', ')}`,
            },
          ]
    case 'DELETE':
      return [{ text: `DELETE FROM ${table.name}` }]
    case 'TRUNCATE':
      return [{ text: `TRUNCATE ${table.name}` }]
    case 'COPY': {
      const { roleNames, labels } = scene
      const values = table.columns.map(({ name }) =>
        /label|binding/.test(name) ? (labels[sent.label] ?? '\\N') : roleNames[sent.role],
      )
      return [{ text: `COPY ${table.name} FROM STDIN`, rows: `${values.join('\t')}\n` }]
    }
    case 'trigger':
      return [
        {
          text: `CREATE FUNCTION s_${sent.by}.spy() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
                 CREATE TRIGGER spy BEFORE INSERT ON ${table.name} FOR EACH ROW EXECUTE FUNCTION s_${sent.by}.spy()`,
        },
      ]
    case 'rule':
      return [{ text: `CREATE RULE spy AS ON INSERT TO ${table.name} DO INSTEAD NOTHING` }]
  }
}

/** A function of the name and the arguments of one of ours, in the place of ours, where the database's owner made room. */
function replaceLines(scene: Scene, index: number, deed: Deed, by: Actor): readonly Line[] {
  const replaced = at(
    scene.functions.filter(({ name }) => name.startsWith('public.')),
    index,
  )
  if (replaced === undefined) return []
  const parameters = replaced.argumentTypes.join(', ')
  return [
    {
      text: `DROP SCHEMA public CASCADE; CREATE SCHEMA public; GRANT USAGE ON SCHEMA public TO PUBLIC;
        CREATE FUNCTION ${replaced.name}(${parameters}) RETURNS pg_catalog.void LANGUAGE plpgsql AS
        $replaced$ BEGIN ${COUNT_RUN} ${deedSql(scene, deed, by)} END $replaced$`,
    },
  ]
}

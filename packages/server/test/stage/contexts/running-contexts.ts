/**
 * The contexts in which PostgreSQL runs code of one role in the session of another.
 *
 * Where PostgreSQL lends the rights of the code's owner by itself, as in the maintenance of a table, there is one row.
 * Where it runs the code with the rights of whoever comes along, there are two: code that leaves it at that, and the same
 * as a SECURITY DEFINER function, which runs as the attacker.
 */
import { LOOKALIKE_OF_READER, type AttackedInstance, type Visitor } from './attacked-instance.ts'

export interface RunningContext {
  readonly name: string
  /** Whose rights are in force in the code: of the attacker, of the visitor, or of the lookalike of a reader. */
  readonly rights: 'attacker' | 'visitor' | 'lookalike'
  /** By the attacker. */
  readonly setup?: string
  /** By a superuser, before and after that. */
  readonly before?: string
  readonly after?: string
  /** By the visitor, one query after the other; can be repeated. */
  readonly visit: readonly string[]
  /** Who comes along. */
  readonly visitors: readonly Visitor[]
  /** Whose session it is by then, if not the visitor's. */
  readonly session?: 'attacker'
  /** The first version of PostgreSQL in which it is so. */
  readonly since?: number
}

const EVERYBODY: readonly Visitor[] = ['owner', 'claimant', 'superuser']
/** What a mechanism does for a role it does for every role: one of them is enough for sessions with claims. */
const MOST: readonly Visitor[] = ['owner', 'superuser']

interface Place {
  /** A table for this context alone. */
  readonly table: string
  /** What names of other objects end with. */
  readonly n: string
  /** Calls the attacker's code, and is this value. */
  readonly call: (value: string) => string
  /** The same, to be executed by a trigger. */
  readonly fire: string
}

interface Made extends Omit<RunningContext, 'name' | 'rights' | 'visit' | 'visitors'> {
  readonly visit: string | readonly string[]
  readonly visitors?: readonly Visitor[]
}

type Make = (place: Place) => Made

// Out of reach of autovacuum, so that nothing runs their code but who is meant to.
const createTable = (table: string, columns = 'number int') =>
  `CREATE TABLE ${table} (${columns}) WITH (autovacuum_enabled = off);`
const fill = (table: string) => `INSERT INTO ${table} SELECT pg_catalog.generate_series(1, 3);`
const indexed = ({ table, n, call }: Place) =>
  `${createTable(table)} ${fill(table)} CREATE INDEX index_${n} ON ${table} ((${call('number')}));`
const triggered = (timing: string, { table, n, fire }: Place, constraint = '') =>
  `${createTable(table)} CREATE ${constraint} TRIGGER trigger_${n} ${timing} EXECUTE FUNCTION ${fire};`

/** As the owner of the table, whoever maintains it. */
const MAINTENANCE: Readonly<Record<string, Make>> = {
  'an expression index under ANALYZE': (at) => ({ setup: indexed(at), visit: `ANALYZE ${at.table}` }),
  'an expression index under VACUUM ANALYZE': (at) => ({
    setup: indexed(at),
    visit: `VACUUM ANALYZE ${at.table}`,
  }),
  'the predicate of an index under ANALYZE': ({ table, call }) => ({
    setup: `${createTable(table)} ${fill(table)} CREATE INDEX ON ${table} (number) WHERE ${call('number')} > 0`,
    visit: `ANALYZE ${table}`,
  }),
  'statistics on an expression under ANALYZE': ({ table, n, call }) => ({
    setup: `${createTable(table)} ${fill(table)}
      CREATE STATISTICS attack.statistics_${n} ON (${call('number')}) FROM ${table}`,
    visit: `ANALYZE ${table}`,
  }),
  'the difference function of a range type under ANALYZE': ({ table, n, call }) => ({
    setup: `
      CREATE FUNCTION attack.gap_${n}(float8, float8) RETURNS float8 LANGUAGE plpgsql IMMUTABLE
        AS $$ BEGIN RETURN ${call('1')}; END $$;
      CREATE TYPE attack.range_${n} AS RANGE (subtype = float8, subtype_diff = attack.gap_${n});
      ${createTable(table, `range attack.range_${n}`)}
      INSERT INTO ${table} SELECT attack.range_${n}(0, number) FROM pg_catalog.generate_series(1, 9) AS number`,
    visit: `ANALYZE ${table}`,
  }),
  REINDEX: (at) => ({ setup: indexed(at), visit: `REINDEX TABLE ${at.table}` }),
  'REINDEX CONCURRENTLY': (at) => ({ setup: indexed(at), visit: `REINDEX TABLE CONCURRENTLY ${at.table}` }),
  'CREATE INDEX by another': ({ table, call }) => ({
    setup: `${createTable(table)} ${fill(table)}`,
    visit: `CREATE INDEX ON ${table} ((${call('number')}))`,
  }),
  'CREATE INDEX CONCURRENTLY by another': ({ table, call }) => ({
    setup: `${createTable(table)} ${fill(table)}`,
    visit: `CREATE INDEX CONCURRENTLY ON ${table} ((${call('number')}))`,
  }),
  CLUSTER: (at) => ({ setup: indexed(at), visit: `CLUSTER ${at.table} USING index_${at.n}` }),
  'VACUUM FULL': (at) => ({ setup: indexed(at), visit: `VACUUM FULL ${at.table}` }),
  'ALTER TABLE, which builds the indexes anew': (at) => ({
    setup: indexed(at),
    visit: `ALTER TABLE ${at.table} ALTER COLUMN number TYPE int USING number + 0`,
  }),
  'the summary of a BRIN index': ({ table, n, call }) => ({
    setup: `${createTable(table)}
      CREATE INDEX index_${n} ON ${table} USING brin ((${call('number')})) WITH (pages_per_range = 1);
      INSERT INTO ${table} SELECT pg_catalog.generate_series(1, 3);`,
    visit: [
      `SELECT pg_catalog.brin_desummarize_range('attack.index_${n}', 0)`,
      `SELECT pg_catalog.brin_summarize_new_values('attack.index_${n}')`,
    ],
  }),
  'REFRESH MATERIALIZED VIEW': ({ n, call }) => ({
    setup: `CREATE MATERIALIZED VIEW attack.copy_${n} AS SELECT ${call('1')} AS number`,
    visit: `REFRESH MATERIALIZED VIEW attack.copy_${n}`,
  }),
  'REFRESH MATERIALIZED VIEW CONCURRENTLY': ({ n, call }) => ({
    setup: `CREATE MATERIALIZED VIEW attack.copy_${n} AS SELECT ${call('1')} AS number;
      CREATE UNIQUE INDEX ON attack.copy_${n} (number)`,
    visit: `REFRESH MATERIALIZED VIEW CONCURRENTLY attack.copy_${n}`,
  }),
  'a BEFORE trigger under the action of a foreign key': (at) => ({
    before: `CREATE TABLE stage.parent_${at.n} (number int PRIMARY KEY); GRANT ALL ON stage.parent_${at.n} TO PUBLIC;
      INSERT INTO stage.parent_${at.n} VALUES (1)`,
    setup: `${triggered(`BEFORE UPDATE ON ${at.table} FOR EACH ROW`, at)}
      ALTER TABLE ${at.table} ADD FOREIGN KEY (number) REFERENCES stage.parent_${at.n} ON UPDATE CASCADE;
      INSERT INTO ${at.table} VALUES (1)`,
    visit: `UPDATE stage.parent_${at.n} SET number = number + 1`,
  }),
  'a deferred constraint trigger, queued by a SECURITY DEFINER function': (at) => ({
    setup: `${triggered(`AFTER INSERT ON ${at.table} DEFERRABLE INITIALLY DEFERRED FOR EACH ROW`, at, 'CONSTRAINT')}
      CREATE FUNCTION attack.queue_${at.n}() RETURNS void LANGUAGE sql SECURITY DEFINER
        AS 'INSERT INTO ${at.table} VALUES (1)'`,
    visit: `SELECT attack.queue_${at.n}()`,
    // Before, it ran with the rights in force at COMMIT.
    since: 18,
  }),
  'SET ROLE': ({ call }) => ({ visit: ['SET ROLE {attacker}', `SELECT ${call('1')}`] }),
  'SET SESSION AUTHORIZATION': ({ call }) => ({
    visit: ['SET SESSION AUTHORIZATION {attacker}', `SELECT ${call('1')}`],
    visitors: ['superuser'],
    session: 'attacker',
  }),
}

/** As whoever comes along. */
const MECHANISMS: Readonly<Record<string, Make>> = {
  'a function': ({ call }) => ({ visit: `SELECT ${call('1')}`, visitors: EVERYBODY }),
  'a procedure': ({ n, call }) => ({
    setup: `CREATE PROCEDURE attack.procedure_${n}() LANGUAGE plpgsql AS $$ BEGIN PERFORM ${call('1')}; END $$`,
    visit: `CALL attack.procedure_${n}()`,
  }),
  'a DO block': ({ call }) => ({ visit: `DO $$ BEGIN PERFORM ${call('1')}; END $$` }),
  'a BEFORE trigger': (at) => ({
    setup: triggered(`BEFORE INSERT ON ${at.table} FOR EACH ROW`, at),
    visit: `INSERT INTO ${at.table} VALUES (1)`,
  }),
  'an AFTER trigger': (at) => ({
    setup: triggered(`AFTER INSERT ON ${at.table} FOR EACH ROW`, at),
    visit: `INSERT INTO ${at.table} VALUES (1)`,
  }),
  'a trigger of a statement': (at) => ({
    setup: triggered(`AFTER TRUNCATE ON ${at.table} FOR EACH STATEMENT`, at),
    visit: `TRUNCATE ${at.table}`,
  }),
  'a deferred constraint trigger': (at) => ({
    setup: triggered(
      `AFTER INSERT ON ${at.table} DEFERRABLE INITIALLY DEFERRED FOR EACH ROW`,
      at,
      'CONSTRAINT',
    ),
    visit: ['BEGIN', `INSERT INTO ${at.table} VALUES (1)`, 'COMMIT'],
  }),
  'an INSTEAD OF trigger': ({ n, fire }) => ({
    setup: `CREATE VIEW attack.view_${n} AS SELECT 1 AS number;
      CREATE TRIGGER trigger_${n} INSTEAD OF INSERT ON attack.view_${n} FOR EACH ROW EXECUTE FUNCTION ${fire}`,
    visit: `INSERT INTO attack.view_${n} VALUES (1)`,
  }),
  'the CHECK of a domain': ({ n, call }) => ({
    setup: `CREATE DOMAIN attack.domain_${n} AS int CHECK (${call('VALUE')} > 0)`,
    visit: `SELECT 1::attack.domain_${n}`,
  }),
  'the CHECK of a table': ({ table, call }) => ({
    setup: createTable(table, `number int CHECK (${call('number')} > 0)`),
    visit: `INSERT INTO ${table} VALUES (1)`,
  }),
  'a column default': ({ table, call }) => ({
    setup: createTable(table, `number int DEFAULT ${call('1')}`),
    visit: `INSERT INTO ${table} DEFAULT VALUES`,
  }),
  'a generated column': ({ table, call }) => ({
    setup: createTable(table, `number int, twice int GENERATED ALWAYS AS (${call('number')} * 2) STORED`),
    visit: `INSERT INTO ${table} VALUES (1)`,
  }),
  'an expression index under INSERT': (at) => ({
    setup: indexed(at),
    visit: `INSERT INTO ${at.table} VALUES (1)`,
  }),
  'a partition key': ({ table, call }) => ({
    setup: `CREATE TABLE ${table} (number int) PARTITION BY RANGE (${call('number')});
      CREATE TABLE ${table}_rest PARTITION OF ${table} DEFAULT WITH (autovacuum_enabled = off)`,
    visit: `INSERT INTO ${table} VALUES (1)`,
  }),
  'a policy of row security': ({ table, n, call }) => ({
    setup: `${createTable(table)} ${fill(table)}
      ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
      CREATE POLICY policy_${n} ON ${table} USING (${call('number')} > 0)`,
    visit: `SELECT FROM ${table}`,
    // Superusers pass policies by.
    visitors: ['owner', 'claimant'],
  }),
  'a rule': ({ table, n, call }) => ({
    setup: `${createTable(table)} CREATE RULE rule_${n} AS ON INSERT TO ${table} DO ALSO SELECT ${call('NEW.number')}`,
    visit: `INSERT INTO ${table} VALUES (1)`,
  }),
  'a view': ({ table, n, call }) => ({
    setup: `${createTable(table)} ${fill(table)}
      CREATE VIEW attack.view_${n} AS SELECT ${call('number')} AS number FROM ${table}`,
    visit: `TABLE attack.view_${n}`,
  }),
  'a cast': ({ n, call }) => ({
    setup: `CREATE TYPE attack.type_${n} AS (number int);
      CREATE FUNCTION attack.number_of_${n}(attack.type_${n}) RETURNS int LANGUAGE plpgsql
        AS $$ BEGIN RETURN ${call('1')}; END $$;
      CREATE CAST (attack.type_${n} AS int) WITH FUNCTION attack.number_of_${n} AS ASSIGNMENT`,
    visit: `SELECT ROW(1)::attack.type_${n}::int`,
  }),
  'an operator': ({ n, call }) => ({
    setup: `CREATE TYPE attack.type_${n} AS (number int);
      CREATE FUNCTION attack.meet_${n}(attack.type_${n}, int) RETURNS int LANGUAGE plpgsql
        AS $$ BEGIN RETURN ${call('1')}; END $$;
      CREATE OPERATOR attack.@@ (LEFTARG = attack.type_${n}, RIGHTARG = int, FUNCTION = attack.meet_${n})`,
    visit: `SELECT ROW(1)::attack.type_${n} OPERATOR(attack.@@) 1`,
  }),
  'an aggregate': ({ n, call }) => ({
    setup: `CREATE FUNCTION attack.step_${n}(int, int) RETURNS int LANGUAGE plpgsql
        AS $$ BEGIN RETURN ${call('1')}; END $$;
      CREATE AGGREGATE attack.sum_${n} (int) (SFUNC = attack.step_${n}, STYPE = int)`,
    visit: `SELECT attack.sum_${n}(1)`,
  }),
  'COPY FROM': (at) => ({
    setup: triggered(`BEFORE INSERT ON ${at.table} FOR EACH ROW`, at),
    visit: `COPY ${at.table} FROM STDIN`,
  }),
  'COPY (query) TO': ({ call }) => ({ visit: `COPY (SELECT ${call('1')}) TO STDOUT` }),
  'a cursor that a SECURITY DEFINER function opened': ({ table, n, call }) => ({
    setup: `${createTable(table)} ${fill(table)}
      CREATE FUNCTION attack.open_${n}(it refcursor) RETURNS refcursor LANGUAGE plpgsql SECURITY DEFINER
        AS $$ BEGIN OPEN it FOR SELECT ${call('number')} FROM ${table}; RETURN it; END $$`,
    visit: ['BEGIN', `SELECT attack.open_${n}('it')`, 'FETCH ALL FROM it', 'COMMIT'],
  }),
  'an event trigger': ({ n, call }) => ({
    setup: `CREATE FUNCTION attack.event_${n}() RETURNS event_trigger LANGUAGE plpgsql
      AS $$ BEGIN PERFORM ${call('1')}; END $$`,
    after: `CREATE EVENT TRIGGER event_${n} ON ddl_command_end WHEN TAG IN ('CREATE SEQUENCE')
      EXECUTE FUNCTION attack.event_${n}()`,
    visit: [`CREATE SEQUENCE attack.sequence_${n}`, `DROP SEQUENCE attack.sequence_${n}`],
  }),
  'an event trigger at login': ({ n, call }) => ({
    setup: `CREATE FUNCTION attack.event_${n}() RETURNS event_trigger LANGUAGE plpgsql
      AS $$ BEGIN PERFORM ${call('1')}; END $$`,
    after: `CREATE EVENT TRIGGER event_${n} ON login EXECUTE FUNCTION attack.event_${n}()`,
    visit: 'SELECT 1',
    since: 17,
  }),
}

const definer = (name: string) => `${name}, as a SECURITY DEFINER function`

/** Code of the owner's own, which may do what the owner may. */
export const OWN_DEFINER: RunningContext = {
  name: 'a SECURITY DEFINER function of the own',
  rights: 'visitor',
  visitors: ['owner'],
  visit: [
    'CREATE SCHEMA own',
    `CREATE FUNCTION own.peek() RETURNS void LANGUAGE plpgsql SECURITY DEFINER
       AS $$ BEGIN PERFORM attack.probe('a SECURITY DEFINER function of the own'); END $$`,
    'SELECT own.peek()',
  ],
}

export const RUNNING_CONTEXTS: readonly RunningContext[] = [
  ...Object.entries(MAINTENANCE).map(([name, make], index) =>
    contextOf({ name, rights: 'attacker', visitors: EVERYBODY }, make, `maintenance_${String(index)}`),
  ),
  ...Object.entries(MECHANISMS).flatMap(([name, make], index) => [
    contextOf({ name, rights: 'visitor', visitors: MOST }, make, `visited_${String(index)}`),
    contextOf(
      { name: definer(name), rights: 'attacker', visitors: MOST },
      make,
      `lent_${String(index)}`,
      '_as_owner',
    ),
  ]),
  {
    name: 'a SECURITY DEFINER function of a role with the name of a reader of claims',
    rights: 'lookalike',
    visitors: EVERYBODY,
    after: `
      CREATE FUNCTION attack.peek_as_lookalike(context text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
        AS $$ BEGIN PERFORM attack.probe(context); END $$;
      ALTER FUNCTION attack.peek_as_lookalike(text) OWNER TO ${LOOKALIKE_OF_READER}`,
    visit: [
      "SELECT attack.peek_as_lookalike('a SECURITY DEFINER function of a role with the name of a reader of claims')",
    ],
  },
]

/** @param suffix of the names of the functions that are called */
function contextOf(
  context: Pick<RunningContext, 'name' | 'rights' | 'visitors'>,
  make: Make,
  n: string,
  suffix = '',
): RunningContext {
  const made = make({
    table: `attack.table_${n}`,
    n,
    call: (value) => `attack.peek${suffix}('${context.name}', ${value})`,
    fire: `attack.fire${suffix}('${context.name}')`,
  })
  return { ...context, ...made, visit: typeof made.visit === 'string' ? [made.visit] : made.visit }
}

export async function setUp(instance: AttackedInstance, contexts: readonly RunningContext[]): Promise<void> {
  const run = (as: AttackedInstance['asAttacker'], pick: (context: RunningContext) => string | undefined) =>
    as(async (client) => {
      for (const context of contexts) {
        const text = pick(context)
        if (text !== undefined) await client.query(text)
      }
    })
  const asSuperuser: AttackedInstance['asAttacker'] = (work) => instance.as('superuser', work)
  await run(asSuperuser, ({ before }) => before)
  await run(instance.asAttacker, ({ setup }) => setup)
  await run(asSuperuser, ({ after }) => after)
}

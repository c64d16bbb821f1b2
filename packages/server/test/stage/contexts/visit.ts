/** Brings somebody, or a process of PostgreSQL's own, into a context, and returns what the attacker's code found there. */
import { once } from 'node:events'
import pg from 'pg'
import { waitFor } from '../wait-for.ts'
import type { AttackedInstance, Visitor } from './attacked-instance.ts'
import { arm, outcomesOf, type Arming, type Outcome } from './probe.ts'
import type { RunningContext } from './running-contexts.ts'

export async function visit(
  instance: AttackedInstance,
  context: RunningContext,
  visitor: Visitor,
): Promise<readonly Outcome[]> {
  const run = await arm(instance, armingOf(instance, context, visitor))
  await instance.as(visitor, (client) => pass(instance, context, client))
  return outcomesOf(instance, run)
}

/** In one session, where all that the attacker reaches by our functions stays. */
export async function visitForGood(
  instance: AttackedInstance,
  contexts: readonly RunningContext[],
  visitor: Visitor,
): Promise<void> {
  await instance.as(visitor, async (client) => {
    for (const context of contexts) {
      await arm(instance, { ...armingOf(instance, context, visitor), keeps: true })
      await pass(instance, context, client)
      await client.query('RESET SESSION AUTHORIZATION; RESET ROLE')
    }
  })
}

async function pass(instance: AttackedInstance, context: RunningContext, client: pg.Client): Promise<void> {
  const attacker = client.escapeIdentifier(instance.attacker.applicationId)
  for (const text of context.visit) {
    const query = text.replace('{attacker}', attacker)
    await (/^COPY .* FROM STDIN$/.test(query) ? copyOneRow(client, query) : client.query(query))
  }
}

const armingOf = (
  instance: AttackedInstance,
  { name, session }: RunningContext,
  visitor: Visitor,
): Arming => ({
  context: name,
  backendType: '^client backend$',
  sessionRole: session === 'attacker' ? instance.attacker.applicationId : roleOf(instance, visitor),
})

/** As which `visitor` logs in. */
export const roleOf = ({ owner, superuser }: AttackedInstance, visitor: Visitor): string =>
  visitor === 'superuser' ? superuser : owner

/** node-postgres leaves COPY FROM to others. */
class CopyOneRow extends pg.Query {
  handleCopyInResponse(connection: { sendCopyFromChunk(chunk: Buffer): void; endCopyFrom(): void }): void {
    connection.sendCopyFromChunk(Buffer.from('1\n'))
    connection.endCopyFrom()
  }
}

async function copyOneRow(client: pg.Client, text: string): Promise<void> {
  // Rejects when the query emits an error.
  await once(client.query(new CopyOneRow(text)), 'end')
}

const AUTOVACUUM = 'an expression index under autovacuum'

/** A table that autovacuum looks after every second, as its owner may ask for but for the interval. */
export async function setUpAutovacuum(instance: AttackedInstance): Promise<void> {
  await inTurn(instance.observer, [
    "ALTER SYSTEM SET autovacuum_naptime = '1s'",
    'SELECT pg_catalog.pg_reload_conf()',
  ])
  await instance.asAttacker((client) =>
    client.query(`
      CREATE TABLE attack.vacuumed (number int)
        WITH (autovacuum_analyze_threshold = 1, autovacuum_analyze_scale_factor = 0);
      CREATE INDEX ON attack.vacuumed ((attack.peek('${AUTOVACUUM}', number)))`),
  )
}

export async function waitForAutovacuum(
  instance: AttackedInstance,
  keeps = false,
): Promise<readonly Outcome[]> {
  const run = await arm(instance, { keeps, context: AUTOVACUUM, backendType: '^autovacuum worker$' })
  await instance.asAttacker((client) =>
    client.query('INSERT INTO attack.vacuumed SELECT pg_catalog.generate_series(1, 200)'),
  )
  return waitForOutcomes(instance, AUTOVACUUM, run)
}

export interface Subscription {
  /** Letters and digits. */
  readonly name: string
  readonly by: Visitor
  /** Whether its workers go on as `by`, instead of as the owner of each table. */
  readonly runsAsOwner: boolean
  /** Whether the code is run by the first copy of the table, or by the changes that follow. */
  readonly copies: boolean
}

/** The cluster subscribes to another database of its own. */
export async function waitForSubscription(
  instance: AttackedInstance,
  { name, by, runsAsOwner, copies }: Subscription,
): Promise<readonly Outcome[]> {
  const { conninfo } = instance
  if (conninfo === undefined) throw new Error('this instance cannot subscribe to anything')
  const asPublisher = (...texts: string[]) =>
    instance.as('superuser', (client) => inTurn(client, texts), 'publisher')
  const table = `attack.subscribed_${name}`
  await asPublisher(
    `CREATE TABLE ${table} (number int)`,
    `INSERT INTO ${table} VALUES (1)`,
    `CREATE PUBLICATION ${name} FOR TABLE ${table}`,
    `SELECT pg_catalog.pg_create_logical_replication_slot('${name}', 'pgoutput')`,
  )
  await instance.asAttacker((client) =>
    client.query(`
      CREATE TABLE ${table} (number int);
      CREATE TRIGGER trigger_${name} BEFORE INSERT ON ${table} FOR EACH ROW EXECUTE FUNCTION attack.fire('${name}');
      ALTER TABLE ${table} ENABLE ALWAYS TRIGGER trigger_${name}`),
  )
  const run = await arm(instance, { context: name, backendType: '^logical replication' })
  await instance.as(by, async (client) => {
    const to = client.escapeLiteral(`${conninfo} dbname=publisher`)
    await client.query(
      `CREATE SUBSCRIPTION ${name} CONNECTION ${to} PUBLICATION ${name}
         WITH (create_slot = false, run_as_owner = ${String(runsAsOwner)}, copy_data = ${String(copies)})`,
    )
  })
  await asPublisher(`INSERT INTO ${table} VALUES (2)`)
  const outcomes = await waitForOutcomes(instance, name, run)
  await instance.as(by, (client) =>
    inTurn(client, [
      `ALTER SUBSCRIPTION ${name} DISABLE`,
      `ALTER SUBSCRIPTION ${name} SET (slot_name = NONE)`,
      `DROP SUBSCRIPTION ${name}`,
    ]),
  )
  return outcomes
}

export async function setUpSubscriptions(instance: AttackedInstance): Promise<void> {
  await inTurn(instance.observer, [
    `GRANT pg_create_subscription TO "${instance.owner}"`,
    'CREATE DATABASE publisher',
  ])
  await instance.as('superuser', (client) => client.query('CREATE SCHEMA attack'), 'publisher')
}

async function inTurn(client: pg.Client, texts: readonly string[]): Promise<void> {
  for (const text of texts) await client.query(text)
}

const waitForOutcomes = (
  instance: AttackedInstance,
  what: string,
  run: number,
): Promise<readonly Outcome[]> =>
  waitFor(what, async () => {
    const outcomes = await outcomesOf(instance, run)
    return outcomes.length > 0 && outcomes
  })

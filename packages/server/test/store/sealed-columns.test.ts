/** What is encrypted under the master key, and how a rotation seals it anew: all of it or nothing, and nobody is left behind. */
import { randomBytes, randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Redacted } from '../../src/domain/redacted.ts'
import { Fault } from '../../src/domain/fault.ts'
import { createHeldEncryption, createKeyEncryption } from '../../src/keys/key-encryption.ts'
import { createInstanceChanges } from '../../src/store/instance-changes.ts'
import { listSealedColumns, sealAllAnew, tryMasterKey } from '../../src/store/sealed-columns.ts'
import { waitFor } from '../stage/wait-for.ts'
import { startTestSystemDatabase, type TestSystemDatabase } from '../stage/system-database.ts'

const newKey = () => new Redacted<Uint8Array>(randomBytes(32))
const [oldKey, key] = [newKey(), newKey()]
const old = createKeyEncryption([oldKey])
const both = createKeyEncryption([key, oldKey])
const sealed = createKeyEncryption([key])

let system: TestSystemDatabase
beforeAll(async () => {
  system = await startTestSystemDatabase()
})
afterAll(() => system.stop())

const ACCOUNT = randomUUID()
const bytes = (text: string) => Buffer.from(old.encrypt(Buffer.from(text)))

beforeEach(async () => {
  await system.database.transaction().execute(async (transaction) => {
    // Whose instance and role they are does not matter here.
    await sql`SET LOCAL session_replication_role = replica`.execute(transaction)
    await sql`DELETE FROM signing_key`.execute(transaction)
    await sql`DELETE FROM certificate_authority`.execute(transaction)
    await sql`INSERT INTO signing_key VALUES
      ('new', '{}', ${bytes('a')}::bytea, now(), NULL), ('old', '{}', ${bytes('b')}::bytea, now(), now())`.execute(
      transaction,
    )
    await sql`INSERT INTO certificate_authority (id, certificate_pem, private_key_encrypted, created_at)
      VALUES (1, 'x', ${bytes('c')}::bytea, now()), (2, 'x', ${bytes('d')}::bytea, now())`.execute(
      transaction,
    )
    await sql`DELETE FROM attached_cluster_password`.execute(transaction)
    await sql`INSERT INTO attached_cluster_password VALUES (${randomUUID()}, ${bytes('e')}::bytea)`.execute(
      transaction,
    )
    await sql`DELETE FROM console_session`.execute(transaction)
    // Both values of one row are sealed in one transaction: PostgreSQL looks up what the row points at then.
    await sql`INSERT INTO account VALUES (${ACCOUNT}, now()) ON CONFLICT DO NOTHING`.execute(transaction)
    await sql`INSERT INTO workspace (id, account_id, name, created_at) OVERRIDING SYSTEM VALUE
      VALUES (7, ${ACCOUNT}, 'w', now()) ON CONFLICT DO NOTHING`.execute(transaction)
    await sql`INSERT INTO identity (id, account_id, type, name, display_name, created_at) OVERRIDING SYSTEM VALUE
      VALUES (7, ${ACCOUNT}, 'USER', 'u', 'u', now()) ON CONFLICT DO NOTHING`.execute(transaction)
    await sql`INSERT INTO console_session VALUES
      (sha256('x'), 7, 7, 'x', false, ${bytes('h')}::bytea, now(), ${bytes('i')}::bytea, now(), now())`.execute(
      transaction,
    )
    await sql`DELETE FROM managed_role_key`.execute(transaction)
    await sql`INSERT INTO managed_role_key VALUES
      (${randomUUID()}, 1, ${bytes('f')}::bytea, true), (${randomUUID()}, 2, ${bytes('g')}::bytea, false)`.execute(
      transaction,
    )
  })
})

/** By the column that it is in. */
async function values(): Promise<Map<string, readonly Buffer[]>> {
  const found = new Map<string, readonly Buffer[]>()
  for (const { table, column } of await listSealedColumns(system.database)) {
    const { rows } = await sql<{ value: Buffer }>`
      SELECT ${sql.ref(column)} AS value FROM ${sql.table(table)}`.execute(system.database)
    found.set(
      `${table}.${column}`,
      rows.map(({ value }) => value),
    )
  }
  return found
}
const opened = async (encryption: typeof old) =>
  [...(await values()).values()]
    .flat()
    .map((value) => Buffer.from(encryption.decrypt(value)).toString())
    .sort()
    .join('')

describe('bytes in the system database', () => {
  it('are hashes, encrypted, or the files of people, and their names say which', async () => {
    const { rows } = await sql<{ name: string }>`
      SELECT relname || '.' || attname AS name FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
       WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
         AND atttypid = 'bytea'::regtype AND attname !~ '_hash$'`.execute(system.database)
    const found = (await listSealedColumns(system.database)).map(({ table, column }) => `${table}.${column}`)
    // What people put into a workspace is theirs, and no secret of ours (docs/security-model.md, «What is not defended»).
    const files = ['workspace_object.contents']
    expect(rows.map(({ name }) => name).sort()).toEqual([...found, ...files].sort())
  })

  it('are all part of what follows', async () => {
    for (const [name, found] of await values()) expect([name, found.length]).not.toEqual([name, 0])
  })
})

/** As every process holds the master key: on the standing connection that tells it of changes. */
function startProcess() {
  const { encryption, confirm } = createHeldEncryption(old)
  const lost: unknown[] = []
  const running = createInstanceChanges(system.address, {
    onLost: (error) => lost.push(error),
    confirmMasterKey: confirm,
  })
  return { encryption, lost, running }
}

describe('a rotation of the master key', () => {
  it('seals everything under the new key', async () => {
    await expect(sealAllAnew(system.database, { open: both, sealed })).resolves.toBe(9)
    await expect(opened(sealed)).resolves.toBe('abcdefghi')
    await expect(opened(old)).rejects.toMatchObject({ code: 'master_key_does_not_fit' })
  })

  it('can be repeated when nobody knows how far the last one came', async () => {
    await sealAllAnew(system.database, { open: both, sealed })
    await sealAllAnew(system.database, { open: both, sealed })
    await expect(opened(sealed)).resolves.toBe('abcdefghi')
  })

  it.each([0, 3, 6])('that fails behind %i values has changed none', async (patience) => {
    let left = patience
    const failing = {
      ...sealed,
      encrypt(plaintext: Uint8Array) {
        if ((left -= 1) < 0) throw new Error('killed')
        return sealed.encrypt(plaintext)
      },
    }
    await expect(sealAllAnew(system.database, { open: both, sealed: failing })).rejects.toThrow('killed')
    await expect(opened(old)).resolves.toBe('abcdefghi')
  })

  it('begins only with a key that opens everything', async () => {
    await expect(tryMasterKey(system.database, old)).resolves.toBe(9)
    await expect(tryMasterKey(system.database, sealed)).rejects.toMatchObject({
      code: 'master_key_does_not_fit',
    })
  })

  it('is refused while a process holds the key in its memory', async () => {
    const { running } = startProcess()
    await running.start()
    for (const attempt of [
      () => tryMasterKey(system.database, old),
      () => sealAllAnew(system.database, { open: both, sealed }),
    ])
      await expect(attempt()).rejects.toMatchObject({ code: 'master_key_in_use' })
    await running.stop()
    await expect(opened(old)).resolves.toBe('abcdefghi')
    await expect(tryMasterKey(system.database, old)).resolves.toBe(9)
  })

  it('that came between reading the key and holding it stops a start', async () => {
    await sealAllAnew(system.database, { open: both, sealed })
    await expect(startProcess().running.start()).rejects.toMatchObject({ code: 'master_key_does_not_fit' })
  })

  it('that came while the connection was lost is noticed, and nothing is sealed that nobody could open', async () => {
    const { encryption, lost, running } = startProcess()
    await running.start()
    // As a rotation leaves it; the lock is held again before one would have come to its end here.
    await sql`UPDATE signing_key SET private_key_encrypted = ${Buffer.from(sealed.encrypt(Buffer.from('a')))}::bytea`.execute(
      system.database,
    )
    expect(encryption.encrypt(Buffer.from('x'))).toBeDefined()
    await sql`SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ShareLock'`.execute(
      system.database,
    )
    await waitFor('the new connection', () =>
      Promise.resolve(
        lost.some((error) => error instanceof Fault && error.code === 'master_key_does_not_fit'),
      ),
    )
    expect(() => encryption.encrypt(Buffer.from('x'))).toThrow('cannot be decrypted with the master key')
    await running.stop()
  })
})

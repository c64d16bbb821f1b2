/** Attack 11, issue 10 A6: whoever comes above the limit of its address reads why, where its client shows it: inside TLS. */
import { execFile, execFileSync } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { cancelRequest, startupMessage } from '../stage/byte-builder.ts'
import { startOwnLakegate, type OwnLakegate } from '../stage/own-lakegate.ts'
import { asOwner, databaseClient, mintCredential } from '../stage/service-principal.ts'
import { waitFor } from '../stage/wait-for.ts'
import {
  beginLogin,
  connectWire,
  connectWireOverTls,
  errorFields,
  type WireClient,
} from '../stage/wire-client.ts'

const LIMIT = 3
/** As many as are told inside TLS at a time. */
const TOLD_AT_ONCE = 20
const TOO_MANY = {
  S: 'FATAL',
  C: '53300',
  M: 'sorry, too many clients already',
  D: `The limit of ${String(LIMIT)} connections is reached.`,
}
let lakegate: OwnLakegate
let crowd: WireClient[] = []

beforeAll(async () => {
  lakegate = await startOwnLakegate({
    LAKEGATE_LOGINS_PER_ADDRESS: String(LIMIT),
    LAKEGATE_LOGIN_DEADLINE_SECONDS: '300',
  })
})
afterEach(async () => {
  for (const client of crowd.splice(0)) client.close()
  await waitFor('free places', () => logsIn().catch(() => undefined))
})
afterAll(() => lakegate.remove())

const logsIn = () => asOwner(lakegate, async (client) => (await client.query('SELECT 1')).rowCount)

/** Takes all places of this address: each is asked for its password, and does not answer. */
async function fillPlaces(): Promise<void> {
  crowd = await Promise.all(
    Array.from({ length: LIMIT }, () => beginLogin(lakegate, [['user', lakegate.ready.admin_user]])),
  )
  for (const client of crowd) expect((await client.next())?.type).toBe('R')
}

describe('a client above the limit of its address', () => {
  it('is refused inside TLS, and nothing is asked of it', async () => {
    await fillPlaces()
    const client = await connectWireOverTls(lakegate)
    client.send(startupMessage([['user', lakegate.ready.admin_user]]))
    const [refusal, ...rest] = await client.untilClosed()
    expect(errorFields(refusal)).toMatchObject(TOO_MANY)
    expect(rest).toEqual([])
  })

  it.skipIf(isPsqlMissing())('reads it in psql', async () => {
    await fillPlaces()
    const { host, port, database } = lakegate.ready.instance
    const login = `host=${host} port=${String(port)} dbname=${database} user=${lakegate.ready.admin_user} sslmode=require`
    await expect(
      promisify(execFile)('psql', ['--no-psqlrc', '--no-password', login], { env: process.env }),
    ).rejects.toMatchObject({ stderr: expect.stringContaining(TOO_MANY.M) as string })
  })

  it('is told in clear when too many are being told', async () => {
    await fillPlaces()
    const waiting = await Promise.all(Array.from({ length: TOLD_AT_ONCE + 1 }, () => connectWire(lakegate)))
    crowd.push(...waiting)
    const first = await Promise.race(waiting.map((client) => client.next()))
    expect(errorFields(first)).toMatchObject(TOO_MANY)
  })

  it('still cancels its statement', async () => {
    const password = await mintCredential(lakegate.admin, lakegate.ready.instance.name)
    const session = await databaseClient(lakegate, { user: lakegate.ready.admin_user, password })
    await session.connect()
    const { processID, secretKey } = session as unknown as { processID: number; secretKey: number }
    const key = Buffer.alloc(4)
    key.writeInt32BE(secretKey)
    const outcome = session.query('SELECT pg_sleep(600)').catch((error: unknown) => error)
    await waitFor('the statement', () =>
      asOwner(lakegate, async (owner) => {
        const running = `SELECT FROM pg_stat_activity WHERE pid = $1 AND state = 'active'`
        return (await owner.query(running, [processID])).rowCount === 1
      }),
    )
    await fillPlaces()
    const cancel = await connectWireOverTls(lakegate)
    cancel.send(cancelRequest(processID, key))
    expect(await cancel.untilClosed()).toEqual([])
    expect(await outcome).toMatchObject({ code: '57014' })
    await session.end()
  })
})

function isPsqlMissing(): boolean {
  try {
    execFileSync('psql', ['--version'])
    return false
  } catch {
    console.warn('psql is not installed: what it prints of too many logins is not tried')
    return true
  }
}

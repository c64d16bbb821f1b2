/** Attack 44: a stop lets sessions finish for as long as the operator says, and then tells them properly. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  makeDataDirectory,
  removeDataDirectory,
  startLakegate,
  type RunningLakegate,
} from '../stage/lakegate.ts'
import { databaseClient, mintCredential } from '../stage/service-principal.ts'
import { waitFor } from '../stage/wait-for.ts'
import { beginLogin, errorFields } from '../stage/wire-client.ts'

let lakegate: RunningLakegate
let dataDirectory: string

beforeAll(async () => {
  dataDirectory = await makeDataDirectory()
})
beforeEach(async () => {
  lakegate = await startLakegate({ dataDirectory, environment: { LAKEGATE_DRAIN_SECONDS: '3600' } })
})
afterAll(async () => {
  await lakegate.stop()
  await removeDataDirectory(dataDirectory)
})

async function openSession() {
  const password = await mintCredential(lakegate.admin, 'dev')
  const client = await databaseClient(lakegate, { user: lakegate.ready.admin_user, password })
  await client.connect()
  return client
}

const isClosedToNewOnes = () =>
  waitFor('the end of listening', async () => {
    const { host, port } = lakegate.ready.instance
    const socket = connect(port, host)
    const came = await Promise.race([
      once(socket, 'connect').then(() => 'in'),
      once(socket, 'error').then(() => 'refused'),
    ]).catch(() => 'refused')
    socket.destroy()
    return came === 'refused'
  })

describe('a gateway that is told to stop', () => {
  it('takes nobody new, lets a transaction go on and commit, and ends with 0 when the last session has gone', async () => {
    const session = await openSession()
    await session.query('BEGIN')
    const exited = once(lakegate.process, 'exit')
    lakegate.process.kill('SIGTERM')
    await isClosedToNewOnes()
    await session.query('CREATE TABLE finished (line text)')
    await session.query('COMMIT')
    await session.end()
    await expect(exited).resolves.toEqual([0, null])
  })

  it('tells those who stay 57P01 between two messages when its patience ends, those inside a login as well, and ends with 0', async () => {
    const session = await openSession()
    expect((await session.query('SELECT FROM finished')).rowCount).toBe(0)
    const farewell = once(session, 'error')
    const login = await beginLogin(lakegate, [['user', lakegate.ready.admin_user]])
    expect((await login.next())?.type).toBe('R')
    const exited = once(lakegate.process, 'exit')
    lakegate.process.kill('SIGTERM')
    await isClosedToNewOnes()
    lakegate.process.kill('SIGTERM')
    await expect(farewell).resolves.toMatchObject([{ severity: 'FATAL', code: '57P01' }])
    const [refusal] = await login.untilClosed()
    expect(errorFields(refusal)).toMatchObject({ S: 'FATAL', C: '57P01' })
    await expect(exited).resolves.toEqual([0, null])
  })
})

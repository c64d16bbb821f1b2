/** behaviour 71 with libpq 18, whose cancel over TLS reads to the end of the stream (issue 10, A1). */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, describe, expect, it } from 'vitest'
import { pooledEndpointOf } from '../stage/pooled-sessions.ts'
import { installPythonClient } from '../stage/python-client.ts'
import { mintCredential } from '../stage/service-principal.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'

const lakegate = sharedLakegate()
const PSYCOPG = fileURLToPath(new URL('cancel.py', import.meta.url))
const psycopg = await installPythonClient('psycopg[binary]==3.3.9')
afterAll(() => psycopg.remove())

describe.skipIf(psycopg.missing !== undefined)('psycopg with libpq 18', () => {
  it.each([
    ['direct', () => ({ host: lakegate.ready.instance.host, port: lakegate.ready.instance.port })],
    ['pooled', () => pooledEndpointOf(lakegate)],
  ])('cancels at the %s endpoint, and is told that it did', async (_name, endpoint) => {
    const parameters = {
      ...endpoint(),
      user: lakegate.ready.admin_user,
      password: await mintCredential(lakegate.admin, lakegate.ready.instance.name),
      dbname: lakegate.ready.instance.database,
      ...{ sslmode: 'verify-full', sslrootcert: lakegate.ready.ca_file },
    }
    const { stdout } = await promisify(execFile)(psycopg.python, [PSYCOPG, JSON.stringify(parameters)])
    const report = JSON.parse(stdout) as { libpq: number }
    expect(report).toMatchObject({ cancel: 'sent', statement: '57014', afterwards: 1 })
    expect(report.libpq).toBeGreaterThanOrEqual(180_000)
  })
})

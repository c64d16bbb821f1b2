/** Starting, stopping and starting again: what stays, what goes, and what a failed start says. */
import { readFile, stat, mkdir, writeFile, access } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import path from 'node:path'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createLakegateHttp, type ListDatabaseInstancesResponse } from '@lakegate/client'
import { processesIn, stopClusters } from '../stage/clusters.ts'
import { waitFor } from '../stage/wait-for.ts'
import {
  makeDataDirectory,
  removeDataDirectory,
  spawnLakegate,
  startLakegate,
  type ReadyReport,
  type RunningLakegate,
} from '../stage/lakegate.ts'
import {
  asOwner,
  createPrincipalWithRole,
  databaseClient,
  mintCredential,
} from '../stage/service-principal.ts'

let dataDirectory: string
beforeAll(async () => {
  dataDirectory = await makeDataDirectory()
})
afterAll(async () => removeDataDirectory(dataDirectory))

/** As in the README's second terminal, and what else would lead the driver elsewhere. */
const OF_A_SHELL = {
  PGHOST: '127.0.0.1',
  PGPORT: '1',
  PGDATABASE: 'databricks_postgres',
  PGUSER: 'nobody',
  PGSSLMODE: 'require',
  PGOPTIONS: '-c no_such_setting=1',
}

/** Runs the program until it ends by itself. */
async function runToEnd(environment: Readonly<Record<string, string>>, programArguments = ['up']) {
  const { child, output } = spawnLakegate(programArguments, environment)
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, output: output() }
}

describe('a start, a stop and another start', () => {
  let lakegate: RunningLakegate
  let first: ReadyReport

  it('writes the ready file with mode 0600 when everything is ready', async () => {
    lakegate = await startLakegate({ dataDirectory })
    first = lakegate.ready
    expect((await stat(lakegate.readyFile)).mode & 0o777).toBe(0o600)
    expect(first).toEqual({
      http_url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/) as string,
      account_id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      workspace_id: expect.stringMatching(/^\d+$/) as string,
      admin_user: 'admin@lakegate.local',
      admin_token: expect.stringMatching(/^dapi/) as string,
      ca_file: path.join(dataDirectory, 'ca.pem'),
      instance: {
        name: 'dev',
        uid: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
        host: expect.stringMatching(/^127\./) as string,
        port: expect.any(Number) as number,
        pooled_host: expect.stringMatching(/^127\./) as string,
        pooled_port: expect.any(Number) as number,
        database: 'databricks_postgres',
      },
    })
  })

  it('prints where it is, where the means to authenticate are and a psql command that names the instance', async () => {
    // The ready file is written first; the banner may still be on its way through the pipe.
    await waitFor('the psql command', () => lakegate.output().includes('psql "host='))
    expect(lakegate.output()).toContain(`REST and OAuth   ${first.http_url}`)
    expect(lakegate.output()).toContain(`Access token     in ${lakegate.readyFile}`)
    expect(lakegate.output()).not.toContain(first.admin_token)
    expect(lakegate.output()).toContain(
      `psql "host=${first.instance.host} port=${String(first.instance.port)} `,
    )
  })

  it('refuses a second Lakegate on the same data directory and leaves the first alone', async () => {
    const second = await runToEnd({
      LAKEGATE_DATA_DIR: dataDirectory,
      LAKEGATE_HTTP_PORT: '0',
      LAKEGATE_GATEWAY_PORT: '0',
    })
    expect(second.code).toBe(1)
    expect(second.output).toContain(`Another Lakegate runs on the data directory ${dataDirectory}.`)
    expect(second.output).toContain('What to do: Stop it first')
    await expect(mintCredential(lakegate.admin, first.instance.name)).resolves.toMatch(/^ey/)
  })

  it('ends open sessions in PostgreSQL’s words and every process it started on Ctrl-C, and removes the ready file', async () => {
    await asOwner(lakegate, async (client) => {
      await client.query('CREATE TABLE kept (line text)')
      await client.query(`INSERT INTO kept VALUES ('from the first start')`)
    })
    const password = await mintCredential(lakegate.admin, first.instance.name)
    const session = await databaseClient(lakegate, { user: first.admin_user, password })
    await session.connect()
    const farewell = once(session, 'error')
    await expect(lakegate.stop()).resolves.toBe(0)
    await expect(farewell).resolves.toMatchObject([{ code: '57P01' }])
    await expect(access(lakegate.readyFile)).rejects.toMatchObject({ code: 'ENOENT' })
    await expect(processesIn(dataDirectory)).resolves.toEqual([])
  })

  it('comes back with all its data, its ids, its port, and a fresh token beside the first one, whatever PG… the shell has', async () => {
    lakegate = await startLakegate({ dataDirectory, environment: OF_A_SHELL })
    try {
      const { ready } = lakegate
      expect({ ...ready, http_url: '', admin_token: '' }).toEqual({ ...first, http_url: '', admin_token: '' })
      expect(ready.admin_token).not.toBe(first.admin_token)
      const rows = await asOwner(
        lakegate,
        async (client) => (await client.query<{ line: unknown }>('SELECT line FROM kept')).rows,
      )
      expect(rows).toEqual([{ line: 'from the first start' }])
      const withFirstToken = createLakegateHttp(ready.http_url, () => first.admin_token)
      await expect(withFirstToken.request('GET', '/api/2.0/preview/scim/v2/Me')).resolves.toMatchObject({
        userName: first.admin_user,
      })
    } finally {
      await lakegate.stop()
    }
  })

  it('stops everything also when nobody reads what it prints any more', async () => {
    lakegate = await startLakegate({ dataDirectory })
    // As a pipe to a program that has ended: the next write fails with EPIPE.
    lakegate.process.stdout?.destroy()
    lakegate.process.stderr?.destroy()
    try {
      await expect(lakegate.stop()).resolves.toBe(0)
      await expect(processesIn(dataDirectory)).resolves.toEqual([])
    } finally {
      await stopClusters(dataDirectory)
    }
  })
})

describe('a data directory with a long and unusual name', () => {
  it('is as good as any: roles are made in its instance, and everything stops', async () => {
    const place = await makeDataDirectory()
    const directory = path.join(place, `it's, "here" ${'d'.repeat(90)}`)
    await mkdir(directory, { mode: 0o711 })
    // Where the sockets go, whose paths would be too long.
    const lakegate = await startLakegate({ dataDirectory: directory, environment: { TMPDIR: place } })
    try {
      await expect(createPrincipalWithRole(lakegate, 'far from the socket')).resolves.toBeDefined()
      await expect(lakegate.stop()).resolves.toBe(0)
      await expect(processesIn(directory)).resolves.toEqual([])
    } finally {
      await lakegate.stop()
      await stopClusters(directory)
      await removeDataDirectory(place)
    }
  })
})

describe('a start that cannot succeed', () => {
  it('says which port is taken and which setting chooses another, and leaves no process behind', async () => {
    const occupant = createServer()
    await new Promise<void>((resolve) => {
      occupant.listen(0, '127.0.0.1', resolve)
    })
    const { port } = occupant.address() as AddressInfo
    const directory = await makeDataDirectory()
    try {
      const { code, output } = await runToEnd({
        LAKEGATE_DATA_DIR: directory,
        LAKEGATE_HTTP_PORT: String(port),
        LAKEGATE_GATEWAY_PORT: '0',
      })
      expect(code).toBe(1)
      expect(output).toContain(String(port))
      expect(output).toContain('What to do:')
      expect(output).toContain('LAKEGATE_HTTP_PORT')
      await expect(processesIn(directory)).resolves.toEqual([])
    } finally {
      occupant.close()
      await removeDataDirectory(directory)
    }
  })

  it('refuses a data directory of somebody else’s PostgreSQL and does not touch it', async () => {
    const directory = await makeDataDirectory()
    const foreign = path.join(directory, 'system', 'data')
    await mkdir(foreign, { recursive: true })
    await writeFile(path.join(foreign, 'PG_VERSION'), '18\n')
    try {
      const { code, output } = await runToEnd({
        LAKEGATE_DATA_DIR: directory,
        LAKEGATE_HTTP_PORT: '0',
        LAKEGATE_GATEWAY_PORT: '0',
      })
      expect(code).toBe(1)
      expect(output).toContain('it holds a data directory that Lakegate did not make')
      expect(output).toContain('What to do:')
      await expect(readFile(path.join(foreign, 'PG_VERSION'), 'utf8')).resolves.toBe('18\n')
    } finally {
      await removeDataDirectory(directory)
    }
  })

  it('names a misspelt setting and the one that was meant', async () => {
    const { code, output } = await runToEnd({ LAKEGATE_DATA_DIRR: '/nowhere' })
    expect(code).toBe(1)
    expect(output).toContain('LAKEGATE_DATA_DIRR')
    expect(output).toContain('LAKEGATE_DATA_DIR')
  })
})

describe('a start where port 5432 is taken', () => {
  it('serves the instances on other ports for now, says so, and goes back when the port is free', async () => {
    const directory = await makeDataDirectory()
    const environment = { LAKEGATE_GATEWAY_PORT: undefined, LAKEGATE_GATEWAY_WORKERS: '1' }
    const options = { dataDirectory: directory, environment }
    // The first start tells the address of the instance; somebody else takes its port before the second one.
    const first = await startLakegate(options)
    await first.stop()
    const occupant = createServer()
    const isOurs = await new Promise<void>((resolve, reject) => {
      occupant.once('error', reject)
      occupant.listen(5432, first.ready.instance.host, resolve)
    }).then(
      () => true,
      (error: unknown) => {
        // A PostgreSQL of this machine has it on every address already, which serves the purpose as well.
        if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error
        return false
      },
    )
    let lakegate = await startLakegate(options)
    try {
      const { port, host } = lakegate.ready.instance
      expect(port).not.toBe(5432)
      await waitFor('the banner', () => lakegate.output().includes('Ctrl-C stops Lakegate'))
      expect(lakegate.output()).toContain('Port 5432 is taken by another program')
      expect(lakegate.output()).toContain(`dev at ${host} port ${String(port)}`)
      expect(lakegate.output()).toContain('"msg":"the own port of an endpoint is taken')
      const list = await lakegate.admin.request<ListDatabaseInstancesResponse>(
        'GET',
        '/api/2.0/database/instances',
      )
      expect(list.database_instances[0]?.read_write_port).toBe(lakegate.ready.instance.port)
      await expect(
        asOwner(lakegate, async (client) => (await client.query('SELECT 1')).rowCount),
      ).resolves.toBe(1)
      await lakegate.stop()
      occupant.close()
      lakegate = await startLakegate(options)
      if (isOurs) expect(lakegate.ready.instance.port).toBe(5432)
    } finally {
      await lakegate.stop()
      occupant.close()
      await removeDataDirectory(directory)
    }
  })
})

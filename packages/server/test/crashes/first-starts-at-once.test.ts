/** Two Lakegates that start for the very first time, at the same moment, upon one empty system database. */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  createLakegateHttp,
  type ConsoleSessionAnswer,
  type ListDatabaseInstancesResponse,
} from '@lakegate/client'
import { clientConfigOf } from '../../src/store/system-database.ts'
import { stopClusters } from '../stage/clusters.ts'
import { cookieOf } from '../stage/console-session.ts'
import {
  makeDataDirectory,
  removeDataDirectory,
  startLakegate,
  type RunningLakegate,
} from '../stage/lakegate.ts'
import { Visitor } from '../stage/person.ts'
import { startTestSystemDatabase, type TestSystemDatabase } from '../stage/system-database.ts'
import { waitFor } from '../stage/wait-for.ts'
import { freePort } from '../stage/free-port.ts'

let system: TestSystemDatabase
beforeAll(async () => {
  system = await startTestSystemDatabase()
})
afterAll(async () => system.stop())

/** @returns the URL of an empty database beside the others */
async function emptyDatabase(name: string): Promise<string> {
  if (system.address.kind !== 'socket') throw new Error('the system database has no socket')
  const client = new pg.Client(clientConfigOf(system.address))
  await client.connect()
  await client.query(`CREATE DATABASE ${name}`)
  await client.end()
  return `postgresql://${system.address.user}@/${name}?host=${system.address.directory}`
}

// Where they meet differs each time.
describe.each(['first_round', 'second_round', 'third_round'])(
  'two control planes that start for the first time at the same moment: %s',
  (round) => {
    let home: string
    let places: readonly string[] = []
    let ports: readonly number[] = []
    let started: readonly PromiseSettledResult<RunningLakegate>[] = []
    const running = () => started.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []))

    beforeAll(async () => {
      const url = await emptyDatabase(round)
      home = await makeDataDirectory()
      ports = [await freePort(), await freePort()]
      // Ready files of their own; everything else is shared.
      places = [await makeDataDirectory(), await makeDataDirectory()]
      started = await Promise.allSettled(
        places.map((dataDirectory, index) =>
          startLakegate({
            dataDirectory,
            command: ['serve', '--role', 'control'],
            environment: {
              LAKEGATE_DATA_DIR: home,
              LAKEGATE_DATABASE_URL: url,
              LAKEGATE_MASTER_KEY_FILE: path.join(home, 'master.key'),
              LAKEGATE_GATEWAY_DOMAIN: 'db.lakegate.example',
              LAKEGATE_GATEWAY_PORT: '5432',
              LAKEGATE_HTTP_PORT: String(ports[index]),
              LAKEGATE_PUBLIC_URL: `http://127.0.0.1:${String(ports[0])}`,
            },
          }),
        ),
      )
    })
    afterAll(async () => {
      await Promise.all(running().map((lakegate) => lakegate.stop()))
      await stopClusters(home)
      await Promise.all([home, ...places].map(removeDataDirectory))
    })

    it('make one installation with one instance', async () => {
      expect(started.flatMap((start) => (start.status === 'rejected' ? [String(start.reason)] : []))).toEqual(
        [],
      )
      const [one, other] = running().map(({ ready }) => ready)
      expect(other).toMatchObject({
        account_id: one?.account_id,
        workspace_id: one?.workspace_id,
        instance: one?.instance,
      })
      // Each of them takes what the other one issued.
      for (const port of ports) {
        for (const { ready } of running()) {
          const http = createLakegateHttp(`http://127.0.0.1:${String(port)}`, () => ready.admin_token)
          const listed = await http.request<ListDatabaseInstancesResponse>(
            'GET',
            '/api/2.0/database/instances',
          )
          expect(listed.database_instances.map(({ name }) => name)).toEqual(['dev'])
        }
      }
    })

    it('hand out one link for the first sign-in, which opens', async () => {
      const banners = await Promise.all(
        running().map(({ output }) =>
          waitFor('the banner', async () =>
            output().includes('Ctrl-C stops Lakegate') ? output() : undefined,
          ),
        ),
      )
      const files = banners.flatMap((banner) => /First sign-in +by the link in (\S+)/.exec(banner)?.[1] ?? [])
      expect(files).toEqual([path.join(home, 'first-access.json')])
      const kept = JSON.parse(await readFile(files[0] ?? '', 'utf8')) as { sign_in_link: string }
      expect((await new Visitor().visit(kept.sign_in_link)).status).toBe(200)
    })

    it('serve one session of the console together: whichever is asked, and wherever it ends', async () => {
      const { sign_in_link: link } = JSON.parse(
        await readFile(path.join(home, 'first-access.json'), 'utf8'),
      ) as { sign_in_link: string }
      const visitor = new Visitor()
      const password = 'a password of the first person'
      await visitor.submit(link, { password, repetition: password })
      const cookie = cookieOf(visitor) ?? ''
      const publicUrl = `http://127.0.0.1:${String(ports[0])}`
      const askAt = (port: number | undefined, action: string, headers: Record<string, string> = {}) =>
        fetch(`http://127.0.0.1:${String(port)}/console/api/${action}`, {
          method: action === 'sign-out' ? 'POST' : 'GET',
          headers: { cookie, ...headers },
        })
      const [first, second] = await Promise.all(
        ports.map(async (port) => {
          const answer = await askAt(port, 'session')
          expect(answer.status).toBe(200)
          return (await answer.json()) as ConsoleSessionAnswer
        }),
      )
      expect(second).toEqual(first)
      const out = await askAt(ports[1], 'sign-out', {
        origin: publicUrl,
        'x-lakegate-csrf': first?.csrf ?? '',
      })
      expect(out.status).toBe(200)
      for (const port of ports) expect((await askAt(port, 'session')).status).toBe(401)
    })
  },
)

it('lets one of two `lakegate up` work on a system database, and tells the other one why not', async () => {
  const url = await emptyDatabase('for_one')
  const places = [await makeDataDirectory(), await makeDataDirectory()]
  const started = await Promise.allSettled(
    places.map((dataDirectory) =>
      startLakegate({ dataDirectory, environment: { LAKEGATE_DATABASE_URL: url } }),
    ),
  )
  const running = started.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []))
  await Promise.all(running.map((lakegate) => lakegate.stop()))
  await Promise.all(places.map(removeDataDirectory))

  expect(running).toHaveLength(1)
  const refused = started.flatMap((start) => (start.status === 'rejected' ? [String(start.reason)] : []))
  expect(refused).toEqual([expect.stringContaining('Another Lakegate works on this system database.')])
})

/**
 * `lakegate proxy` through several lifetimes of its credentials: tools that open a new connection for every query, and one that keeps
 * its own, while what the proxy presents to the gateway expires again and again.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { everyClient, proves } from '../stage/every-client.ts'
import { createExampleReader, type ExampleReader } from '../stage/example-reader.ts'
import { startProxy, type RunningProxy } from '../stage/running-proxy.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { serveShortLivedCredentials, type ShortLivedCredentials } from '../stage/short-lived-credentials.ts'

const LIFETIME_SECONDS = 4
const LIFETIMES = 4
const CLIENTS = 6

everyClient(
  { client: 'lakegate proxy', version: undefined, runtime: `Node ${process.versions.node}` },
  () => {
    const lakegate = sharedLakegate()
    let credentials: ShortLivedCredentials
    let reader: ExampleReader
    let proxy: RunningProxy
    beforeAll(async () => {
      credentials = await serveShortLivedCredentials(lakegate, LIFETIME_SECONDS)
      reader = await createExampleReader(lakegate, 'behind a proxy', credentials.url)
      proxy = await startProxy({
        ready: { ...lakegate.ready, http_url: credentials.url },
        principal: reader.principal,
        words: ['proxy', 'dev'],
        directory: reader.directory,
      })
    })
    afterAll(async () => {
      await proxy.stop()
      await reader.remove()
      await credentials.close()
    })

    /** As a tool with the settings of docs/clients: no TLS, any password. */
    function toolAtProxy(): pg.Client {
      const client = new pg.Client({
        host: '127.0.0.1',
        port: proxy.port,
        database: lakegate.ready.instance.database,
        user: reader.principal.applicationId,
        password: 'anything',
        ssl: false,
      })
      client.on('error', () => undefined)
      return client
    }

    it('refuses no login and loses no query while its credentials expire', proves('rotation'), async () => {
      const failures: string[] = []
      const loginsByLifetime = new Map<number, number>()
      let logins = 0
      const kept = toolAtProxy()
      await kept.connect()
      const begin = Date.now()
      const isOver = () => Date.now() - begin > LIFETIME_SECONDS * LIFETIMES * 1000

      async function loginAgainAndAgain(): Promise<void> {
        while (!isOver()) {
          const lifetime = Math.floor((Date.now() - begin) / 1000 / LIFETIME_SECONDS)
          const client = toolAtProxy()
          try {
            await client.connect()
            await client.query('SELECT session_user')
            logins += 1
            loginsByLifetime.set(lifetime, (loginsByLifetime.get(lifetime) ?? 0) + 1)
          } catch (error) {
            failures.push(error instanceof Error ? error.message : String(error))
          } finally {
            await client.end().catch(() => undefined)
          }
        }
      }
      async function queryAgainAndAgain(): Promise<void> {
        while (!isOver()) {
          await kept.query('SELECT 1').catch((error: unknown) => failures.push(String(error)))
          await sleep(20)
        }
      }
      await Promise.all([queryAgainAndAgain(), ...Array.from({ length: CLIENTS }, loginAgainAndAgain)])
      await kept.end()

      expect(failures).toEqual([])
      // Sessions were opened in every lifetime, each with credentials of its own, which served many of them.
      for (let lifetime = 0; lifetime < LIFETIMES; lifetime += 1)
        expect(loginsByLifetime.get(lifetime) ?? 0).toBeGreaterThan(0)
      expect(credentials.minted()).toBeGreaterThanOrEqual(LIFETIMES)
      expect(credentials.minted()).toBeLessThan(logins)
      expect(proxy.output()).not.toMatch(/ refused /)
    })
  },
)

/** Attack 42: the audit cannot be written. And, while it can: who may read what of it. */
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AuditAnswer } from '@lakegate/client'
import { openInsider, type Insider } from '../stage/insider.ts'
import { startOwnLakegate, type OwnLakegate } from '../stage/own-lakegate.ts'
import {
  createRoleFor,
  createServicePrincipal,
  inSession,
  refusedLogin,
  type TestServicePrincipal,
} from '../stage/service-principal.ts'
import { waitFor } from '../stage/wait-for.ts'

let lakegate: OwnLakegate
let insider: Insider
let principal: TestServicePrincipal

const start = (required: 'on' | 'off') => async () => {
  lakegate = await startOwnLakegate({ LAKEGATE_AUDIT_REQUIRED: required })
  insider = await openInsider(lakegate)
  principal = await createServicePrincipal(lakegate, 'audited')
  await createRoleFor(lakegate, principal)
}
const stop = async () => {
  await insider.close()
  await lakegate.remove()
}

/** As PostgreSQL answers when there is no room for the table to grow. */
const fillDisk = async () => {
  await sql`CREATE FUNCTION disk_full() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$`.execute(
    insider.database,
  )
  await sql`CREATE TRIGGER disk_full BEFORE INSERT ON audit_record EXECUTE FUNCTION disk_full()`.execute(
    insider.database,
  )
}
const makeRoom = async () => {
  await sql`DROP FUNCTION disk_full() CASCADE`.execute(insider.database)
}

const login = async () => ({ user: principal.applicationId, password: await insider.sign(principal.id) })
const audit = (query: string, http = lakegate.admin, path = '/api/2.0/lakegate/audit') =>
  http.request<AuditAnswer>('GET', `${path}?${query}`)
const kept = (query: string, atLeast = 1) =>
  waitFor(`${String(atLeast)} records of ${query}`, async () => {
    const { records } = await audit(query)
    return records.length >= atLeast ? records : undefined
  })

describe('when the audit must be kept', () => {
  beforeAll(start('on'))
  afterAll(stop)

  it('nobody is admitted whose record cannot be written, sessions live on, and logins work again by themselves', async () => {
    await inSession(lakegate, await login(), async (client) => {
      await fillDisk()
      try {
        await expect(refusedLogin(lakegate, await login())).resolves.toMatchObject({
          code: '57P03',
          detail: 'The audit record cannot be written.',
        })
        await expect(client.query('SELECT 1')).resolves.toBeDefined()
      } finally {
        await makeRoom()
      }
    })
    await waitFor('logins to work again', async () =>
      inSession(lakegate, await login(), () => Promise.resolve(true)).catch(() => false),
    )
  })

  it('a login is on record before its session begins', async () => {
    await inSession(lakegate, await login(), async () => {
      const token = `identity_id=${principal.id}&event=login&outcome=admitted`
      expect((await audit(token)).records[0]).toMatchObject({
        identity_name: principal.applicationId,
        role: principal.applicationId,
        instance_name: lakegate.ready.instance.name,
      })
    })
  })
})

describe('when the audit need not be kept', () => {
  beforeAll(start('off'))
  afterAll(stop)

  it('logins go on, and what waited is written when there is room again', async () => {
    await fillDisk()
    try {
      const token = await insider.sign(crypto.randomUUID().replace(/\D/g, '').slice(0, 12))
      await refusedLogin(lakegate, { user: 'while-full', password: token })
      await expect(inSession(lakegate, await login(), () => Promise.resolve('in'))).resolves.toBe('in')
      await waitFor('the log to say so', () => lakegate.output().includes('audit records cannot be kept'))
    } finally {
      await makeRoom()
    }
    expect((await kept(`identity_id=${principal.id}&event=login`))[0]).toMatchObject({ outcome: 'admitted' })
  })

  it('is read in pages, newest first, filtered, by administrators alone', async () => {
    for (let attempt = 0; attempt < 3; attempt += 1) {
      await refusedLogin(lakegate, { user: principal.applicationId, password: 'wrong' })
    }
    const filter = 'event=login&outcome=refused&reason=token_not_decodable'
    const all = await kept(filter, 3)
    const seen: string[] = []
    let token: string | undefined = ''
    while (token !== undefined) {
      const page: AuditAnswer = await audit(
        `${filter}&page_size=2${token === '' ? '' : `&page_token=${token}`}`,
      )
      expect(page.records.length).toBeLessThanOrEqual(2)
      seen.push(...page.records.map(({ time }) => time))
      token = page.next_page_token
    }
    expect(seen).toEqual(all.map(({ time }) => time))
    expect(seen).toEqual([...seen].sort().reverse())
    expect((await audit(`${filter}&until=${encodeURIComponent(seen.at(-1) ?? '')}`)).records).toEqual([])
    expect((await audit(`${filter}&since=${encodeURIComponent(seen[0] ?? '')}`)).records).toHaveLength(1)
    await expect(audit('since=yesterday')).rejects.toMatchObject({ status: 400 })
    await expect(audit('page_token=x')).rejects.toMatchObject({ status: 400 })
    await expect(audit('', principal.http)).rejects.toMatchObject({ status: 403 })
    const account = `/api/2.0/accounts/${lakegate.ready.account_id}/lakegate/audit`
    await expect(audit('', principal.http, account)).rejects.toMatchObject({ status: 403 })
    expect((await audit(filter, lakegate.admin, account)).records.length).toBeGreaterThanOrEqual(3)
  })
})

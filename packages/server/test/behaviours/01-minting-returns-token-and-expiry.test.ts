/** behaviours 1, 2, 6, 7, 8: what POST /api/2.0/database/credentials answers. */
import { LakegateApiError, type DatabaseCredential } from '@lakegate/client'
import { describe, expect, it } from 'vitest'
import { sharedLakegate } from '../stage/shared-lakegate.ts'

const lakegate = sharedLakegate()
const mint = (body: unknown) =>
  lakegate.admin.request<DatabaseCredential>('POST', '/api/2.0/database/credentials', body)

describe('minting a database credential', () => {
  it('returns exactly token and expiration_time, one hour ahead in UTC', async () => {
    const before = Date.now()
    const credential = await mint({
      request_id: crypto.randomUUID(),
      instance_names: [lakegate.ready.instance.name],
    })
    const after = Date.now()
    expect(Object.keys(credential).sort()).toEqual(['expiration_time', 'token'])
    expect(credential.expiration_time).toMatch(/Z$/)
    const expiresAt = Date.parse(credential.expiration_time)
    // The token counts in whole seconds.
    expect(expiresAt).toBeGreaterThanOrEqual(before + 3_600_000 - 1000)
    expect(expiresAt).toBeLessThanOrEqual(after + 3_600_000)
    expect(credential.token.length).toBeLessThan(1024)
  })

  it('is refused with 400 when neither instance_names nor claims are given', async () => {
    await expect(mint({ request_id: crypto.randomUUID() })).rejects.toMatchObject({
      status: 400,
      errorCode: 'INVALID_PARAMETER_VALUE',
    })
  })

  it('is refused with 404 for an unknown instance', async () => {
    await expect(mint({ instance_names: ['no-such-instance'] })).rejects.toMatchObject({
      status: 404,
      message: 'DatabaseInstance not found: no-such-instance',
    })
  })

  it('may repeat a request_id', async () => {
    const request = { request_id: crypto.randomUUID(), instance_names: [lakegate.ready.instance.name] }
    const [first, second] = [await mint(request), await mint(request)]
    expect(first.token).not.toBe('')
    expect(second.token).not.toBe('')
  })

  it.each([
    ['an unknown field', { instance_names: ['x'], scopes: [] }, 'scopes'],
    ['a wrong type', { instance_names: 'x' }, 'instance_names'],
    ['a wrong type inside', { instance_names: [1] }, 'instance_names'],
  ])('names the field when the body has %s', async (_case, body, field) => {
    const error = await mint(body).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(LakegateApiError)
    expect(error).toMatchObject({ status: 400, message: expect.stringContaining(field) as string })
  })
})

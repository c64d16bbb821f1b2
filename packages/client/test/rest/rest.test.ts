/** The typed REST client: where the members of a request go, how lists are read, and what it refuses to send. */
import { describe, expect, it } from 'vitest'
import { createRest } from '../../src/rest/rest.ts'
import type { LakegateHttp, RequestOptions } from '../../src/http.ts'

interface Sent {
  readonly method: string
  readonly path: string
  readonly body: unknown
}

const httpOf = (
  answer: (sent: Sent & { readonly options: RequestOptions | undefined }) => object,
): LakegateHttp => ({
  async request<Answer>(method: string, path: string, body?: unknown, options?: RequestOptions) {
    return answer({ method, path, body, options }) as Answer
  },
  exchange: () => Promise.reject(new Error('nobody reads headers here')),
})

/** A server that answers each request with the next of its answers. */
function answering(...answers: readonly object[]): { http: LakegateHttp; sent: Sent[] } {
  const sent: Sent[] = []
  const left = [...answers]
  const http = httpOf(({ method, path, body }) => {
    sent.push({ method, path, body })
    return left.shift() ?? {}
  })
  return { http, sent }
}

describe('an operation', () => {
  it('sends each member of a request where the contract has it', async () => {
    const { http, sent } = answering()
    await createRest(http).database.updateDatabaseInstance({
      name: 'dev',
      update_mask: 'capacity',
      capacity: 'CU_2',
    })
    expect(sent).toEqual([
      {
        method: 'PATCH',
        path: '/api/2.0/database/instances/dev?update_mask=capacity',
        body: { capacity: 'CU_2' },
      },
    ])
  })

  it('escapes what stands in the path', async () => {
    const { http, sent } = answering()
    await createRest(http).database.getDatabaseInstanceRole({
      instance_name: 'dev',
      name: 'ada/b@example.com',
    })
    expect(sent[0]?.path).toBe('/api/2.0/database/instances/dev/roles/ada%2Fb%40example.com')
  })

  it.each(['', '.', '..'])('refuses to put “%s” into the path, which would be another one', async (name) => {
    const { http, sent } = answering()
    await expect(createRest(http).database.deleteDatabaseInstance({ name })).rejects.toThrow(
      `“${name}” cannot be name of database.deleteDatabaseInstance.`,
    )
    expect(sent).toEqual([])
  })

  it('without a body sends none, and with one sends an object even if it is empty', async () => {
    const { http, sent } = answering()
    await createRest(http).tokens.list()
    await createRest(http).tokens.create()
    expect(sent.map(({ body }) => body)).toEqual([undefined, {}])
  })

  it('leaves out what is undefined', async () => {
    const { http, sent } = answering()
    await createRest(http).audit.list({ page_size: 5 }).page()
    expect(sent[0]?.path).toBe('/api/2.0/lakegate/audit?page_size=5')
  })

  it('takes what is particular to one request, such as a header', async () => {
    const options: (RequestOptions | undefined)[] = []
    const http = httpOf((sent) => {
      options.push(sent.options)
      return {}
    })
    const given = { headers: { 'If-Match': 'W/"7"' } }
    await createRest(http).users.delete({ id: '4711' }, given)
    expect(options).toEqual([given])
  })

  it('refuses to send a request without what must be in it', async () => {
    const { http, sent } = answering()
    const { database } = createRest(http)
    await expect(database.getDatabaseInstance({} as never)).rejects.toMatchObject({
      message: 'database.getDatabaseInstance: name is missing.',
      nextStep: 'Name name in the request.',
    })
    expect(sent).toEqual([])
  })

  it('refuses to send a member that it does not have, and lists those that it has', async () => {
    const { http } = answering()
    const request = { name: 'dev', nmae: 'x' }
    await expect(createRest(http).database.getDatabaseInstance(request)).rejects.toMatchObject({
      message: 'database.getDatabaseInstance: nmae is not known.',
      nextStep: 'A request has name.',
    })
  })
})

describe('an operation of the account', () => {
  it('is about the account that the host says, which is asked once', async () => {
    const { http, sent } = answering({ account_id: 'a-1' }, [], [])
    const { workspaces } = createRest(http)
    await workspaces.list()
    await workspaces.list()
    expect(sent.map(({ path }) => path)).toEqual([
      '/.well-known/databricks-config',
      '/api/2.0/accounts/a-1/workspaces',
      '/api/2.0/accounts/a-1/workspaces',
    ])
  })

  it('is about the account that is configured, or named in the request', async () => {
    const { http, sent } = answering()
    const { workspaces } = createRest(http, { accountId: 'a-2' })
    await workspaces.list()
    await workspaces.list({ account_id: 'a-3' })
    expect(sent.map(({ path }) => path)).toEqual([
      '/api/2.0/accounts/a-2/workspaces',
      '/api/2.0/accounts/a-3/workspaces',
    ])
  })

  it('asks the host again after it could not be reached', async () => {
    let asked = 0
    const http = httpOf(({ path }) => {
      asked += 1
      if (asked === 1) throw new TypeError('fetch failed')
      return path.startsWith('/.well') ? { account_id: 'a-1' } : []
    })
    const { workspaces } = createRest(http)
    await expect(workspaces.list()).rejects.toThrow('fetch failed')
    await expect(workspaces.list()).resolves.toEqual([])
  })
})

describe('a list with pages', () => {
  it('is read page by page, as far as somebody reads', async () => {
    const { http, sent } = answering(
      { database_instances: [{ name: 'a' }, { name: 'b' }], next_page_token: 't2' },
      { database_instances: [{ name: 'c' }] },
    )
    const names: string[] = []
    for await (const { name } of createRest(http).database.listDatabaseInstances({ page_size: 2 }))
      names.push(name)
    expect(names).toEqual(['a', 'b', 'c'])
    expect(sent.map(({ path }) => path)).toEqual([
      '/api/2.0/database/instances?page_size=2',
      '/api/2.0/database/instances?page_size=2&page_token=t2',
    ])
  })

  it('requests no page that nobody reads', async () => {
    const { http, sent } = answering({ database_instances: [{ name: 'a' }], next_page_token: 't2' })
    for await (const { name } of createRest(http).database.listDatabaseInstances()) {
      expect(name).toBe('a')
      break
    }
    expect(sent).toHaveLength(1)
  })

  it('of SCIM goes on behind the last resource, until all have been seen', async () => {
    const page = (startIndex: number, ...ids: readonly string[]) => ({
      startIndex,
      totalResults: 3,
      Resources: ids.map((id) => ({ id })),
    })
    const { http, sent } = answering(page(1, '1', '2'), page(3, '3'))
    const found = await createRest(http).users.list({ count: 2 }).all()
    expect(found.map(({ id }) => id)).toEqual(['1', '2', '3'])
    expect(sent.map(({ path }) => path)).toEqual([
      '/api/2.0/preview/scim/v2/Users?count=2',
      '/api/2.0/preview/scim/v2/Users?count=2&startIndex=3',
    ])
  })

  it('of SCIM ends at a page without resources', async () => {
    const { http, sent } = answering({ startIndex: 1, totalResults: 3, Resources: [] })
    expect(await createRest(http).groups.list().all()).toEqual([])
    expect(sent).toHaveLength(1)
  })

  it('can be read one page at a time', async () => {
    const { http } = answering({ records: [], next_page_token: 't' })
    expect(await createRest(http).audit.list().page()).toEqual({ records: [], next_page_token: 't' })
  })
})

/** From the words of a command to the request that they mean; and what is said of words that mean none. */
import { describe, expect, it } from 'vitest'
import { CommandFailure } from '../../../src/cli/exit-codes.ts'
import { group as database } from '../../../src/cli/workspace/database.ts'
import { customAppIntegration, federationPolicy } from '../../../src/cli/workspace/account.ts'
import { users } from '../../../src/cli/workspace/directory.ts'
import { permissions } from '../../../src/cli/workspace/access.ts'
import type { Operation, OperationGroup } from '../../../src/cli/workspace/operation.ts'
import { parseDuration } from '../../../src/cli/workspace/duration.ts'
import { readJsonFlag } from '../../../src/cli/workspace/json-flag.ts'
import { requestOf, type GivenWords } from '../../../src/cli/workspace/request.ts'

function operationOf({ operations }: OperationGroup, name: string): Operation {
  const found = operations.find((operation) => operation.name === name)
  if (found === undefined) throw new Error(`there is no ${name}`)
  return found
}

const nothing: GivenWords = { positional: [], flags: {}, json: undefined }
const request = (operation: Operation, given: Partial<GivenWords>) =>
  requestOf(operation, { ...nothing, ...given })

const CREATE = operationOf(database, 'create-database-instance')
const UPDATE = operationOf(database, 'update-database-instance')
const ROLE = operationOf(database, 'create-database-instance-role')

describe('the request of a command', () => {
  it('has arguments and flags where the API wants them', () => {
    const given = {
      positional: ['dev', 'stopped,capacity'],
      flags: { stopped: false, capacity: 'CU_2', nodeCount: '1' },
    }
    expect(request(UPDATE, given)).toEqual({
      path: '/api/2.0/database/instances/dev',
      query: { update_mask: 'stopped,capacity' },
      body: { stopped: false, capacity: 'CU_2', node_count: 1 },
    })
  })

  it('takes the body from --json, and only the other arguments as words', () => {
    expect(request(ROLE, { positional: ['dev'], json: { name: 'ada@example.com' } })).toEqual({
      path: '/api/2.0/database/instances/dev/roles',
      query: {},
      body: { name: 'ada@example.com' },
    })
  })

  it('lets --json go before flags, as the databricks CLI does', () => {
    expect(
      request(CREATE, { flags: { capacity: 'CU_1' }, json: { name: 'x', capacity: 'CU_2' } }).body,
    ).toEqual({
      name: 'x',
      capacity: 'CU_2',
    })
  })

  it('changes a federation policy by flags alone', () => {
    const given = {
      positional: ['ci'],
      flags: { description: 'of CI', name: 'accounts/a/federationPolicies/ci', updateMask: 'description' },
    }
    expect(request(operationOf(federationPolicy, 'update'), given)).toMatchObject({
      query: { update_mask: 'description' },
      body: { description: 'of CI', name: 'accounts/a/federationPolicies/ci' },
    })
  })

  it('asks for a page of applications as the databricks CLI does', () => {
    const flags = { pageSize: '5', pageToken: 't', includeCreatorUsername: true }
    expect(request(operationOf(customAppIntegration, 'list'), { flags }).query).toEqual({
      page_size: '5',
      page_token: 't',
      include_creator_username: 'true',
    })
  })

  it('keeps every name in its place of the path', () => {
    const get = operationOf(database, 'get-database-instance-role')
    expect(request(get, { positional: ['dev', 'a/../b?x#y z'] }).path).toBe(
      '/api/2.0/database/instances/dev/roles/a%2F..%2Fb%3Fx%23y%20z',
    )
  })

  it('asks a list for what the databricks CLI asks, unless somebody asks for something else', () => {
    const list = operationOf(users, 'list')
    expect(request(list, {}).query).toEqual({ attributes: 'id,userName,groups,active' })
    expect(request(list, { flags: { attributes: 'id', count: '5' } }).query).toEqual({
      attributes: 'id',
      count: '5',
    })
  })
})

describe('words that mean no request', () => {
  const failure = (work: () => unknown): CommandFailure => {
    try {
      work()
    } catch (error) {
      if (error instanceof CommandFailure) return error
      throw error
    }
    throw new Error('it did not fail')
  }

  it.each([
    ['too few', UPDATE, { positional: ['dev'] }, 'takes NAME UPDATE_MASK, and 1 was given'],
    ['too many', CREATE, { positional: ['a', 'b'] }, 'takes NAME, and 2 were given'],
    ['one that is empty', CREATE, { positional: [''] }, 'NAME is empty'],
    [
      'one that --json has as well',
      CREATE,
      { positional: ['x'], json: {} },
      'create-database-instance takes no arguments',
    ],
    [
      'a number that is none',
      CREATE,
      { positional: ['x'], flags: { nodeCount: 'two' } },
      '--node-count is “two”',
    ],
    [
      'no body where one is needed',
      operationOf(permissions, 'set'),
      { positional: ['database-instances', 'dev'] },
      'set needs the body of the request',
    ],
  ])('%s', (_what, operation, given, said) => {
    const { message, exitStatus } = failure(() => request(operation, given))
    expect(message).toContain(said)
    expect(exitStatus).toBe(2)
  })

  it.each([
    ['{"userName": x}', '--json holds no valid JSON'],
    ['[]', '--json holds no JSON object'],
    ['@/none/at/all', 'The file /none/at/all cannot be read'],
  ])('--json %s', async (value, said) => {
    await expect(readJsonFlag(value)).rejects.toThrow(said)
  })
})

describe('a duration', () => {
  it.each([
    ['20m', 1_200_000],
    ['1h30m', 5_400_000],
    ['1.5s', 1_500],
    ['250ms', 250],
    ['0', 0],
  ])('%s is as in Go', (text, milliseconds) => {
    expect(parseDuration('--timeout', text)).toBe(milliseconds)
  })

  it.each(['3', 'm', '-1s', '1d', '1s x', ''])('“%s” is none', (text) => {
    expect(() => parseDuration('--timeout', text)).toThrow('which is no duration')
  })
})

describe('every operation', () => {
  it('has an argument for each placeholder of its path, and a path for each argument that goes there', () => {
    for (const { operations } of [database, users, permissions])
      for (const { path, arguments: taken = [] } of operations) {
        const placeholders = [...path.matchAll(/\{(\w+)\}/g)].map(([, field]) => field)
        const fields = taken.filter(({ to }) => to === 'path').map(({ field }) => field)
        expect(placeholders.filter((field) => field !== 'account_id')).toEqual(fields)
      }
  })
})

/** What the server serves is what the contract declares: every route for users is an operation, and the other way round. */
import { describe, expect, it } from 'vitest'
import { readContract } from './contract/read-services.ts'
import { SERVED, shapeOf } from './contract/served-routes.ts'

/** Routes that are no operations of the contract, and why. */
const LEFT_OUT: readonly (readonly [path: RegExp, reason: string])[] = [
  [/^\/$/, 'a page for browsers'],
  [/^\/openapi\.json$/, 'the document itself'],
  [
    /^\/scim\/v2\//,
    'a shorter path to /api/2.0/preview/scim/v2, for people who enter it in identity providers',
  ],
  [/^\/api\/2\.0\/account\/scim\/v2\//, 'another path to the SCIM of the account, for public programs'],
  [
    /^\/api\/2\.0\/accounts\/[^/]+\/scim\/v2\/(ServiceProviderConfig|Schemas|ResourceTypes)/,
    'the same as at /api/2.0/preview/scim/v2',
  ],
  [
    /^\/api\/2\.0\/workspace-files\//,
    'import and export of /api/2.0/workspace in bytes, as only the Databricks CLI calls them; the real service does not document it',
  ],
]

const { operations } = readContract()

const served = SERVED.map((one) => ({
  ...one,
  reason: LEFT_OUT.find(([path]) => path.test(one.path))?.[1],
}))
const declared = operations.map((operation) => ({ ...operation, shape: shapeOf(operation) }))

describe('every route of the server', () => {
  it('is an operation of the contract, or left out for a reason', () => {
    const known = new Set(declared.map(({ shape }) => shape))
    expect(
      served
        .filter(({ shape, reason }) => reason === undefined && !known.has(shape))
        .map(({ shape }) => shape),
    ).toEqual([])
  })

  it('is not both', () => {
    const known = new Set(declared.map(({ shape }) => shape))
    expect(served.filter(({ shape, reason }) => reason !== undefined && known.has(shape))).toEqual([])
  })

  it('is there for every reason to leave one out', () => {
    expect(LEFT_OUT.filter(([path]) => !SERVED.some((route) => path.test(route.path)))).toEqual([])
  })
})

describe('every operation of the contract', () => {
  it('is served, and none of them twice', () => {
    const shapes = declared.map(({ shape }) => shape)
    expect(shapes.filter((shape) => !served.some((route) => route.shape === shape))).toEqual([])
    expect(shapes.filter((shape, index) => shapes.indexOf(shape) !== index)).toEqual([])
  })

  it('is open to tokens of the scope that the server asks for', () => {
    const scopeOf = (scopes: readonly string[] | undefined) =>
      scopes === undefined ? 'none' : scopes.includes('postgres') ? 'postgres' : 'all-apis'
    const wrong = declared.filter(({ shape, scope }) => {
      const route = served.find((one) => one.shape === shape)
      return route !== undefined && scopeOf(route.route?.scopes) !== scope
    })
    expect(wrong.map(({ shape, scope }) => `${shape}: ${scope}`)).toEqual([])
  })
})

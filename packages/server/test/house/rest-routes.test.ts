/** What the server serves is what the contract declares: every route for users is an operation, and the other way round. */
import { describe, expect, it } from 'vitest'
import { publicRoutesOf, routesOf } from '../../src/composition/routes.ts'
import { readContract } from './contract/read-services.ts'

/** Routes that are no operations of the contract, and why. */
const LEFT_OUT: readonly (readonly [path: RegExp, reason: string])[] = [
  [/^\/$/, 'a page for browsers'],
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

/** The routes are only listed, never answered, so that what they would ask need not be there. */
const nothingBehind: never = new Proxy(() => undefined, {
  get: (_target, name): unknown => (name === 'accountId' ? ACCOUNT : nothingBehind),
  apply: () => nothingBehind,
}) as never
const ACCOUNT = '{account_id}'

const routes = [
  ...publicRoutesOf(nothingBehind, ACCOUNT as never).map((route) => ({ ...route, scopes: undefined })),
  ...routesOf(nothingBehind),
]
const { operations } = readContract()

/** Without the names of parameters, which the server is free to choose. */
const shapeOf = (method: string, path: string) =>
  `${method} ${path
    .replaceAll(ACCOUNT, '<account>')
    .replace(/(?<=\/):\w+|\*/g, '<>')
    .replaceAll('::', ':')
    .replace(/\{\w+\}/g, '<>')}`

const served = routes.map((route) => ({
  ...route,
  shape: shapeOf(route.method, route.path),
  reason: LEFT_OUT.find(([path]) => path.test(route.path))?.[1],
}))
const declared = operations.map((operation) => ({
  ...operation,
  shape: shapeOf(operation.method, operation.path),
}))

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
    expect(LEFT_OUT.filter(([path]) => !routes.some((route) => path.test(route.path)))).toEqual([])
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
      return route !== undefined && scopeOf(route.scopes) !== scope
    })
    expect(wrong.map(({ shape, scope }) => `${shape}: ${scope}`)).toEqual([])
  })
})

/** packages/server/openapi.json is what the contract and the server say: `npm run docs` renders it. */
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { describe, expect, it } from 'vitest'
import { EXAMPLES } from './contract/examples.ts'
import { readContract } from './contract/read-services.ts'
import { renderOpenApi } from './contract/render-openapi.ts'
import { routeOf } from './contract/served-routes.ts'
import { REPOSITORY } from './sources.ts'

const FILE = path.join(REPOSITORY, 'packages/server/openapi.json')
const contract = readContract()
const document = renderOpenApi(contract, routeOf)

describe('the OpenAPI document', () => {
  it('is what the contract and the shapes of the server say', () => {
    const rendered = `${JSON.stringify(document, undefined, 1)}\n`
    if (process.env['UPDATE_DOCS'] === '1') writeFileSync(FILE, rendered)
    expect(
      readFileSync(FILE, 'utf8') === rendered,
      'packages/server/openapi.json is out of date; `npm run docs` renders it anew',
    ).toBe(true)
  })

  it('has every operation of the contract, by a name of its own', () => {
    const paths = Object.values(document['paths'] as Record<string, Record<string, { operationId: string }>>)
    const ids = paths.flatMap((methods) => Object.values(methods).map(({ operationId }) => operationId))
    expect(ids.sort()).toEqual(contract.operations.map(({ service, name }) => `${service}.${name}`).sort())
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('refers to nothing that is not in it', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(
      ([, one = '']) => one,
    )
    const isThere = (reference: string) =>
      reference
        .split('/')
        .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], document) !==
      undefined
    expect([...new Set(references)].filter((one) => !isThere(one))).toEqual([])
  })
})

describe('every example', () => {
  const ajv = new Ajv2020({ strict: false })
  formats.default(ajv)
  ajv.addSchema(document, 'openapi')
  const paths = document['paths'] as Record<string, Record<string, { operationId: string }>>
  const pointers = new Map(
    Object.entries(paths).flatMap(([template, methods]) =>
      Object.entries(methods).map(([method, { operationId }]) => [
        operationId,
        `openapi#/paths/${encodeURIComponent(template.replaceAll('~', '~0').replaceAll('/', '~1'))}/${method}`,
      ]),
    ),
  )

  it.each(Object.entries(EXAMPLES))('of %s conforms to its schema', (id, { request, answer }) => {
    const pointer = pointers.get(id)
    const judge = (where: string, example: unknown) => {
      const validate = ajv.compile({ $ref: `${pointer ?? id}/${where}/content/application~1json/schema` })
      expect(validate(example), JSON.stringify(validate.errors)).toBe(true)
    }
    if (request !== undefined) judge('requestBody', request)
    if (answer !== undefined) judge('responses/200', answer)
  })
})

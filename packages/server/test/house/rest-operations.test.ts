/** The table by which the client calls the REST API is that of the contract: `npm run docs` renders it. */
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { readContract } from './contract/read-services.ts'
import { renderTable } from './contract/render-table.ts'
import { REPOSITORY } from './sources.ts'

const FILE = path.join(REPOSITORY, 'packages/client/src/rest/operations.ts')
const contract = readContract()
const nameOf = ({ service, name }: { readonly service: string; readonly name: string }) =>
  `${service}.${name}`

describe('every operation of the contract', () => {
  it('is in the table of the client as the contract declares it', () => {
    const rendered = renderTable(contract)
    if (process.env['UPDATE_DOCS'] === '1') writeFileSync(FILE, rendered)
    expect(
      readFileSync(FILE, 'utf8') === rendered,
      'packages/client/src/rest/operations.ts is out of date; `npm run docs` renders it anew',
    ).toBe(true)
  })

  it('says in a sentence what it does', () => {
    expect(
      contract.operations.filter(({ summary }) => !/^[A-Z].{10,}\.$/s.test(summary)).map(nameOf),
    ).toEqual([])
  })

  it('declares what its path contains, and nothing else', () => {
    const wrong = contract.operations.filter(({ path: template, parameters }) => {
      const inPath = [...template.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
      const declared = Object.keys(parameters.properties ?? {})
      return [...inPath].sort().join() !== [...declared].sort().join()
    })
    expect(wrong.map(nameOf)).toEqual([])
  })

  it('describes each of its parameters', () => {
    const silent = contract.operations.flatMap((operation) =>
      [operation.parameters, operation.query, operation.headers].flatMap(({ properties = {} }) =>
        Object.entries(properties)
          .filter(([, { description = '' }]) => description === '')
          .map(([name]) => `${nameOf(operation)}: ${name}`),
      ),
    )
    expect([...new Set(silent)]).toEqual([])
  })
})

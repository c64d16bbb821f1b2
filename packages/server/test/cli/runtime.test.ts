import { describe, expect, it } from 'vitest'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { complainOfRuntime } from '../../src/cli/runtime.ts'
import { REPOSITORY, SOURCE_FILES } from '../house/sources.ts'

describe('the runtime', () => {
  it.each(['18.20.4', '20.18.3', '16.0.0', '20'])(
    'is refused with what to do when it is Node.js %s',
    (node) => {
      expect(complainOfRuntime({ node })).toMatch(
        /^\nLakegate cannot go on: it needs Node\.js 20\.19\.0 or later, and this is \S+\.\nWhat to do: .*\n$/,
      )
    },
  )

  it.each(['20.19.0', '20.20.2', '22.0.0', '26.1.0'])('is taken when it is Node.js %s', (node) => {
    expect(complainOfRuntime({ node })).toBeUndefined()
  })

  it('is the one that package.json demands', () => {
    const { engines } = JSON.parse(
      readFileSync(path.join(REPOSITORY, 'packages/server/package.json'), 'utf8'),
    ) as { readonly engines: { readonly node: string } }
    const oldest = engines.node.replace('>=', '')
    expect(complainOfRuntime({ node: oldest })).toBeUndefined()
    expect(complainOfRuntime({ node: '0.12.0' })).toContain(oldest)
  })

  it('is looked at before anything else is imported', () => {
    const textOf = (file: string) => SOURCE_FILES.find(({ path: name }) => name === file)?.text ?? ''
    const imports = (text: string) => [...text.matchAll(/^import .*from '(.*)'/gm)].map(([, from]) => from)
    expect(imports(textOf('main.ts'))).toEqual(['./cli/runtime.ts'])
    expect(imports(textOf('cli/runtime.ts'))).toEqual([])
  })
})

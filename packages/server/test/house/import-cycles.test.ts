/** No files import each other, directly or around a corner; types count like values. */
import path from 'node:path'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { SOURCE_FILES } from './sources.ts'

type Imports = ReadonlyMap<string, readonly string[]>

const importsOf = (file: string, text: string): readonly string[] =>
  ts
    .preProcessFile(text, true, true)
    .importedFiles.filter(({ fileName }) => fileName.startsWith('.'))
    .map(({ fileName }) => path.posix.join(path.posix.dirname(file), fileName))

/** @returns groups of files each of which reaches every other, as one line each (Tarjan 1972) */
function circlesOf(imports: Imports): readonly string[] {
  const index = new Map<string, number>()
  const lowest = new Map<string, number>()
  const stack: string[] = []
  const circles: string[] = []
  const visit = (file: string): number => {
    const own = index.size
    index.set(file, own)
    lowest.set(file, own)
    stack.push(file)
    for (const next of imports.get(file) ?? []) {
      const reached = index.has(next) ? (stack.includes(next) ? index.get(next) : undefined) : visit(next)
      if (reached !== undefined) lowest.set(file, Math.min(lowest.get(file) ?? own, reached))
    }
    const found = lowest.get(file) ?? own
    if (found === own) {
      const members = stack.splice(stack.indexOf(file))
      if (members.length > 1) circles.push(members.sort().join(' ↔ '))
    }
    return found
  }
  for (const file of imports.keys()) if (!index.has(file)) visit(file)
  return circles.sort()
}

describe('imports', () => {
  const imports: Imports = new Map(SOURCE_FILES.map(({ path: file, text }) => [file, importsOf(file, text)]))

  it('never lead in a circle', () => {
    expect(circlesOf(imports)).toEqual([])
  })

  it('are found in a circle around a corner', () => {
    const around = new Map([
      ['a.ts', ['b.ts', 'd.ts']],
      ['b.ts', ['c.ts']],
      ['c.ts', ['a.ts']],
      ['d.ts', ['c.ts']],
      ['e.ts', ['a.ts']],
    ])
    expect(circlesOf(around)).toEqual(['a.ts ↔ b.ts ↔ c.ts ↔ d.ts'])
  })
})

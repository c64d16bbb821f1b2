/** No function is longer than a reader can hold: what would be becomes a class, or a module of named functions. */
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { SOURCE_FILES } from './sources.ts'
import { nodesIn, syntaxOf } from './syntax.ts'

const MOST_LINES = 120

interface LongFunction {
  /** `gateway/connection.ts: serve` */
  readonly name: string
  readonly lines: number
}

function nameOf(node: ts.SignatureDeclaration): string {
  const { parent } = node
  const named =
    node.name ??
    (ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent) ? parent.name : undefined)
  return named?.getText() ?? (ts.isConstructorDeclaration(node) ? 'constructor' : 'a function without a name')
}

function longFunctionsIn(path: string, text: string): readonly LongFunction[] {
  const file = syntaxOf(path, text)
  const lineOf = (position: number) => file.getLineAndCharacterOfPosition(position).line
  return nodesIn(file).flatMap((node) => {
    if (!ts.isFunctionLike(node)) return []
    const lines = lineOf(node.end) - lineOf(node.getStart()) + 1
    return lines > MOST_LINES ? [{ name: `${path}: ${nameOf(node)}`, lines }] : []
  })
}

describe('every function', () => {
  const long = SOURCE_FILES.flatMap(({ path, text }) => longFunctionsIn(path, text))

  it(`has ${String(MOST_LINES)} lines at most`, () => {
    expect(long.map(({ name, lines }) => `${name} has ${String(lines)} lines`)).toEqual([])
  })

  it('is measured from its first line to its last, with what is inside it', () => {
    const body = Array.from({ length: MOST_LINES - 1 }, () => '  step()').join('\n')
    expect(longFunctionsIn('a.ts', `function short() {\n${body}}\n`)).toEqual([])
    expect(longFunctionsIn('a.ts', `const long = () => {\n${body}\n}\n`)).toEqual([
      { name: 'a.ts: long', lines: MOST_LINES + 1 },
    ])
  })
})

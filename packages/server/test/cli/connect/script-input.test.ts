/** A script is read statement by statement, however its pieces are cut. */
import { describe, expect, it } from 'vitest'
import { ScriptInput } from '../../../src/cli/connect/shell/script-input.ts'

async function* pieces(...texts: readonly string[]) {
  yield* texts
}

async function statementsOf(...texts: readonly string[]) {
  const input = new ScriptInput(pieces(...texts))
  const found: [string, number][] = []
  for (let one = await input.next(() => ({})); one !== undefined; one = await input.next(() => ({})))
    found.push([one.statement.text, one.line])
  return found
}

const SCRIPT = `-- a comment\nselect 1; select\n  'a;\n b';\n\\dt x\ncreate function f() returns int begin atomic; select 1; end;\nselect 2 \\gx\nlast`
const STATEMENTS = [
  ['select 1', 2],
  ["select\n  'a;\n b'", 2],
  ['\\dt x', 5],
  ['create function f() returns int begin atomic; select 1; end', 6],
  ['select 2', 7],
  ['last', 8],
]

describe('a script', () => {
  it('is its statements, with the lines at which they begin', async () => {
    await expect(statementsOf(SCRIPT)).resolves.toEqual(STATEMENTS)
  })

  it('is the same when it comes in single characters', async () => {
    await expect(statementsOf(...SCRIPT.split(/(?=.)/su))).resolves.toEqual(STATEMENTS)
  })

  it('gives a statement before the next one has come', async () => {
    let hasAskedForMore = false
    async function* slowly() {
      yield 'select 1;\n'
      hasAskedForMore = true
      yield 'select 2;\n'
    }
    const input = new ScriptInput(slowly())
    await expect(input.next(() => ({}))).resolves.toMatchObject({ statement: { text: 'select 1' } })
    expect(hasAskedForMore).toBe(false)
  })

  it('has the data of COPY behind its line', async () => {
    const input = new ScriptInput(pieces('copy t from stdin; -- rest\n1\n2', '\n\\', '.\nselect 1;\n'))
    await input.next(() => ({}))
    const data: string[] = []
    for await (const line of input.copyData()) data.push(line.toString())
    expect(data).toEqual(['1\n', '2\n'])
    await expect(input.next(() => ({}))).resolves.toMatchObject({ statement: { text: 'select 1' }, line: 5 })
  })
})

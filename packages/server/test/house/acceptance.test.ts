/** docs/console-acceptance.md names a test for each point of the console's acceptance, and each of these tests is there. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { REPOSITORY } from './sources.ts'

const POINTS = 40

interface NamedTest {
  readonly point: number
  readonly file: string
  readonly title: string
}

/** Lines of the table: `| 7 | what is promised | B | file: title |`, a line for each test. */
function readTable(): readonly NamedTest[] {
  const text = readFileSync(path.join(REPOSITORY, 'docs/console-acceptance.md'), 'utf8')
  return text.split('\n').flatMap((line) => {
    const found = /^\| (\d+) \|.*\| `([^`]+)`: (.+) \|$/.exec(line)
    if (found === null) return []
    const [, point, file = '', title = ''] = found
    return [{ point: Number(point), file, title: title.replaceAll('\\|', '|') }]
  })
}

/** As it stands in the source, where the quotes of a title are escaped. */
const plain = (text: string): string => text.replaceAll('\\', '')

describe('docs/console-acceptance.md', () => {
  const tests = readTable()

  it('has each of the forty points, with a test', () => {
    const points = new Set(tests.map(({ point }) => point))
    expect([...points].sort((one, other) => one - other)).toEqual(
      Array.from({ length: POINTS }, (_, index) => index + 1),
    )
  })

  it('names tests that there are', () => {
    const missing = tests.filter(({ file, title }) => {
      const source = plain(readFileSync(path.join(REPOSITORY, file), 'utf8'))
      return !["'", '"', '`'].some((quote) => source.includes(`${quote}${plain(title)}${quote}`))
    })
    expect(missing).toEqual([])
  })
})

/** A part of a document that is rendered from the code: compared, or with UPDATE_DOCS=1 written (`npm run docs`). */
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect } from 'vitest'
import { REPOSITORY } from './sources.ts'

/**
 * The rendered part stands between `<!-- <name>: rendered by npm run docs -->` and `<!-- <name>: end -->`.
 * @param document below the repository
 */
export function expectRendered(document: string, name: string, rendered: string): void {
  const file = path.join(REPOSITORY, document)
  const text = readFileSync(file, 'utf8')
  const begin = `<!-- ${name}: rendered by npm run docs -->\n`
  const end = `<!-- ${name}: end -->\n`
  const from = text.indexOf(begin)
  const to = text.indexOf(end)
  if (from < 0 || to < from) throw new Error(`${document} has no part between ${begin} and ${end}`)
  const current = text.slice(from + begin.length, to)
  if (process.env['UPDATE_DOCS'] === '1' && current !== rendered) {
    writeFileSync(file, text.slice(0, from + begin.length) + rendered + text.slice(to))
    return
  }
  expect(current, `${document} does not say what the code says; \`npm run docs\` renders it anew`).toBe(
    rendered,
  )
}

/** A Markdown table; text that would end a cell is escaped. */
export function renderTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`
  return line(head) + line(head.map(() => '---')) + rows.map(line).join('')
}

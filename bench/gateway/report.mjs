// Tables as Markdown, on the console and between the markers of docs/performance.md.
import { readFile, writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { format, resolveConfig } from 'prettier'

const FILE = new URL('../../docs/performance.md', import.meta.url).pathname
const marker = (name, which) => `<!-- bench ${name}: ${which} -->`

export const count = (value) => Math.round(value).toLocaleString('en')
export const milliseconds = (value) => value.toFixed(2)
export const microseconds = (value) => value.toFixed(0)
export const seconds = (value) => value.toFixed(2)
export const describeRatio = ({ median, least, most }) =>
  `${median.toFixed(2)} (${least.toFixed(2)} to ${most.toFixed(2)})`

export function table([first, ...headings], rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`
  return [line([first, ...headings]), line(['---', ...headings.map(() => '---:')]), ...rows.map(line)].join(
    '\n',
  )
}

/** @param section { title, text, tables } */
export const render = ({ title, text, tables }) => `### ${title}\n\n${text}\n\n${tables.join('\n\n')}\n`

/** Puts each section in the place of the one of the same title, and keeps those that were not measured now. */
export async function writeReport(sections) {
  let page = await readFile(FILE, 'utf8')
  for (const section of sections) {
    const name = section.title.toLowerCase().replaceAll(/[^a-z]+/g, '-')
    const [begin, end] = [marker(name, 'begin'), marker(name, 'end')]
    const from = page.indexOf(begin)
    const to = page.indexOf(end)
    if (from < 0 || to < from) throw new Error(`docs/performance.md has no markers ${begin} … ${end}`)
    const when = new Date().toISOString().slice(0, 10)
    const machine = `Measured ${when} on ${cpus().length} cores (${cpus()[0]?.model.trim()}), which the load, the proxies and PostgreSQL share.`
    page = `${page.slice(0, from)}${begin}\n\n${render(section)}\n${machine}\n\n${page.slice(to)}`
  }
  await writeFile(FILE, await format(page, { ...(await resolveConfig(FILE)), parser: 'markdown' }))
}

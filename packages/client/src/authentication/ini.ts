/**
 * The format of ~/.databrickscfg, as the SDKs of several languages read it: sections of `key = value`.
 *
 * They disagree about `#` and `;` behind a value: to the Go SDK they begin a comment, to the Python SDK they are part of the
 * value. Here a comment needs a blank before it, so that a value which contains such a character is read whole; and what the
 * Go SDK writes around one, backticks or double quotes, is taken off.
 */

export type Sections = ReadonlyMap<string, ReadonlyMap<string, string>>

const SECTION = /^\s*\[([^\]]*)\]/
const ENTRY = /^\s*([^=:#;\s][^=:]*?)\s*[=:](.*)$/
const COMMENT = /^\s*[#;]/

export function parseIni(text: string): Sections {
  const sections = new Map<string, Map<string, string>>()
  // What stands before the first section belongs to DEFAULT.
  let entries = sectionOf(sections, DEFAULT_SECTION)
  for (const line of text.replace(/^\uFEFF/, '').split(/\r?\n/)) {
    if (COMMENT.test(line)) continue
    const name = SECTION.exec(line)?.[1]
    if (name !== undefined) {
      entries = sectionOf(sections, name.trim())
      continue
    }
    const [, key, value] = ENTRY.exec(line) ?? []
    if (key !== undefined && value !== undefined) entries.set(key.toLowerCase(), valueOf(value))
  }
  return sections
}

export const DEFAULT_SECTION = 'DEFAULT'

function sectionOf(sections: Map<string, Map<string, string>>, name: string): Map<string, string> {
  const there = sections.get(name) ?? new Map<string, string>()
  sections.set(name, there)
  return there
}

function valueOf(raw: string): string {
  const value = raw.trim()
  const quoted = /^(`|")(.*?)\1\s*(?:[#;].*)?$/.exec(value)?.[2]
  return quoted ?? value.replace(/(?:^|\s+)[#;].*$/, '')
}

/** The text with these keys of a section set, or taken out where undefined; every other byte stays. */
export function changeSection(
  text: string,
  section: string,
  changes: Readonly<Record<string, string | undefined>>,
): string {
  const lineEnd = text.includes('\r\n') ? '\r\n' : '\n'
  // Each with its own end.
  const lines = text.match(/[^\n]*\n|[^\n]+$/g) ?? []
  const open = new Map(Object.entries(changes).filter((one): one is [string, string] => one[1] !== undefined))
  const result: string[] = []
  let current = DEFAULT_SECTION
  /** Where new keys of the section go: behind its last line that says something. */
  let insertAt: number | undefined
  for (const line of lines) {
    const name = SECTION.exec(line)?.[1]
    if (name !== undefined) current = name.trim()
    const key =
      name === undefined && !COMMENT.test(line) ? ENTRY.exec(line.trimEnd())?.[1]?.toLowerCase() : undefined
    if (current === section && key !== undefined && key in changes) {
      const value = open.get(key)
      open.delete(key)
      if (value === undefined) continue
      result.push(
        parseIni(`[x]\n${line}`).get('x')?.get(key) === value
          ? line
          : `${entryLine(key, value)}${endOf(line, lineEnd)}`,
      )
      insertAt = result.length
      continue
    }
    result.push(line)
    if (current === section && (name !== undefined || key !== undefined)) insertAt = result.length
  }
  const added = [...open].map(([key, value]) => `${entryLine(key, value)}${lineEnd}`)
  if (added.length === 0) return result.join('')
  if (insertAt === undefined) {
    endLastLine(result, lineEnd)
    result.push(...(result.length === 0 ? [] : [lineEnd]), `[${section}]${lineEnd}`, ...added)
  } else {
    if (insertAt === result.length) endLastLine(result, lineEnd)
    result.splice(insertAt, 0, ...added)
  }
  return result.join('')
}

/** The text without a section; the comments before it belong to it as far as no empty line is between. */
export function removeSection(text: string, section: string): string {
  const lines = text.match(/[^\n]*\n|[^\n]+$/g) ?? []
  const kept: string[] = []
  let isInside = false
  for (const line of lines) {
    const name = SECTION.exec(line)?.[1]?.trim()
    if (name !== undefined) {
      const wasInside = isInside
      isInside = name === section
      if (isInside && !wasInside) while (COMMENT.test(kept.at(-1) ?? '')) kept.pop()
    }
    if (!isInside) kept.push(line)
  }
  return kept.join('')
}

const endOf = (line: string, lineEnd: string): string => /\r?\n$/.exec(line)?.[0] ?? lineEnd

function endLastLine(lines: string[], lineEnd: string): void {
  const last = lines.at(-1)
  if (last !== undefined && !last.endsWith('\n')) lines[lines.length - 1] = `${last}${lineEnd}`
}

const entryLine = (key: string, value: string): string =>
  // As the Go SDK writes it, so that it reads it whole.
  `${key} = ${/[#;]|^["\s]|\s$/.test(value) ? `\`${value}\`` : value}`

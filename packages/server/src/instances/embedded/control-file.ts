/** Control files of extensions, in the syntax of postgresql.conf (PostgreSQL, «Extension Files»). */

/** As PostgreSQL reads it: the last line with a name takes precedence. */
export function valueInControlFile(text: string, name: string): string | undefined {
  const line = new RegExp(`^\\s*${name}(?:\\s*=\\s*|\\s+)(?:'((?:[^'\\\\]|''|\\\\.)*)'|([^\\s#']+))`, 'gim')
  const last = [...text.matchAll(line)].at(-1)
  if (last === undefined) return undefined
  return (
    last[1]?.replaceAll(/''|\\(.)/g, (whole, escaped: string | undefined) => escaped ?? whole.slice(1)) ??
    last[2]
  )
}

/** Appends lines, which take precedence over the existing ones. */
export const extendControlFile = (text: string, values: Readonly<Record<string, string>>): string =>
  `${text.trimEnd()}\n${Object.entries(values)
    .map(([name, value]) => `${name} = '${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'\n`)
    .join('')}`

/** Variables as assignments of a shell, so that no value means anything to it. */

export type ShellName = 'sh' | 'fish' | 'powershell' | 'dotenv'

const QUOTED: Readonly<Record<ShellName, (name: string, value: string) => string>> = {
  // POSIX shell, 2.2.2: nothing is special within single quotes.
  sh: (name, value) => `export ${name}='${value.replaceAll("'", String.raw`'\''`)}'`,
  // There a backslash escapes a quote and itself.
  fish: (name, value) => `set -gx ${name} '${value.replace(/[\\']/g, String.raw`\$&`)}'`,
  powershell: (name, value) => `$env:${name} = '${value.replace(/['\u2018\u2019\u201a\u201b]/g, '$&$&')}'`,
  dotenv: (name, value) => `${name}=${quoteForDotenv(value)}`,
}

/**
 * Readers of such files agree on little: what needs no quotes gets none; single quotes keep everything but themselves; only a
 * value with one is in double quotes, where a backslash and a dollar are special to most.
 */
function quoteForDotenv(value: string): string {
  if (/^[\w@%+:,./=-]*$/.test(value)) return value
  return value.includes("'") ? `"${value.replace(/[\\"$`]/g, String.raw`\$&`)}"` : `'${value}'`
}

export const renderVariables = (variables: Readonly<Record<string, string>>, shell: ShellName): string =>
  Object.entries(variables)
    .map(([name, value]) => `${QUOTED[shell](name, value)}\n`)
    .join('')

/** Patterns of psql's `\d` commands as regular expressions (fe_utils/string_utils.c, `patternToSQLRegex`). */

export interface NamePattern {
  /** Undefined matches any name. */
  readonly name: string | undefined
  readonly schema: string | undefined
}

/** `*` stands for any characters and `?` for one; names in double quotes are taken as written, others in lower case. */
export function parseNamePattern(argument: string): NamePattern {
  const parts = ['']
  let isQuoted = false
  for (let at = 0; at < argument.length; at += 1) {
    const char = argument.charAt(at)
    if (char === '"') {
      if (isQuoted && argument.charAt(at + 1) === '"') {
        add('"')
        at += 1
      } else isQuoted = !isQuoted
    } else if (isQuoted) add(escape(char))
    else if (/[\s;]/.test(char)) break
    else if (char === '.' && parts.length === 1) parts.push('')
    else if (char === '*') add('.*')
    else if (char === '?') add('.')
    else if (char === '$') add('\\$')
    // As in psql: other characters keep their meaning in regular expressions.
    else add(char === '.' ? '\\.' : char.toLowerCase())
  }
  const [first, second] = parts
  return second === undefined
    ? { schema: undefined, name: anchored(first) }
    : { schema: anchored(first), name: anchored(second) }

  function add(text: string): void {
    parts[parts.length - 1] = `${parts.at(-1) ?? ''}${text}`
  }
}

const escape = (char: string): string => (/[|*+?()[\]{}.^$\\]/.test(char) ? `\\${char}` : char)

const anchored = (pattern: string | undefined): string | undefined =>
  pattern === undefined || pattern === '' ? undefined : `^(${pattern})$`

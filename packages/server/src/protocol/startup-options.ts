/**
 * The `options` of a startup message, split into words as PostgreSQL does (pg_split_opts in utils/init/postinit.c), as
 * far as the gateway needs to find one setting in them. The rest stays byte for byte.
 */

interface Word {
  /** Without escapes. */
  readonly text: string
  readonly start: number
  readonly end: number
}

export interface TakenSetting {
  /** Value of the last occurrence, which is the effective one; undefined when there is none. */
  readonly value: string | undefined
  readonly rest: Buffer
}

/**
 * Removes `-c name=value`, `-cname=value` and `--name=value`, in any case and with `-` for `_`, as PostgreSQL allows.
 */
export function takeSetting(options: Buffer, name: string): TakenSetting {
  const words = splitOptions(options.toString('latin1'))
  let value: string | undefined
  const kept: Buffer[] = []
  let keptUntil = 0
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index]
    const following = word?.text === '-c' ? words[index + 1] : undefined
    const assignment = following?.text ?? /^(?:-c|--)(.*)$/s.exec(word?.text ?? '')?.[1]
    const found = valueOf(assignment, name)
    const last = following ?? word
    if (found !== undefined && word !== undefined && last !== undefined) {
      value = found
      kept.push(options.subarray(keptUntil, word.start))
      keptUntil = last.end
    }
    if (following !== undefined) index += 1
  }
  return {
    value,
    rest: value === undefined ? options : Buffer.concat([...kept, options.subarray(keptUntil)]),
  }
}

/** Setting names ignore case, and `-` stands for `_` (guc.c, guc_name_compare; ParseLongOption). */
function valueOf(assignment: string | undefined, name: string): string | undefined {
  const separator = assignment?.indexOf('=') ?? -1
  if (assignment === undefined || separator === -1) return undefined
  const named = assignment.slice(0, separator).replaceAll('-', '_').toLowerCase()
  return named === name ? assignment.slice(separator + 1) : undefined
}

/** Whitespace separates words; a backslash makes the next character ordinary. */
function splitOptions(text: string): Word[] {
  return [...text.matchAll(/(?:\\.?|[^\\ \t\n\v\f\r])+/gs)].map((match) => ({
    text: match[0].replace(/\\(.?)/gs, '$1'),
    start: match.index,
    end: match.index + match[0].length,
  }))
}

/** A token source that hands out what a test wants, and remembers what was refused. */
import type { Token, TokenSource } from '../../src/tokens/token-source.ts'

export interface PlayedTokens extends TokenSource {
  readonly refused: readonly string[]
  /** How often a new token was made. */
  readonly made: () => number
}

/** @param make what there is after so many refusals; the last one stays. */
export function playTokens(...make: readonly (string | Token)[]): PlayedTokens {
  const refused: string[] = []
  let index = 0
  const current = (): Token => {
    const token = make[Math.min(index, make.length - 1)] ?? ''
    return typeof token === 'string' ? { value: token, expiresAt: undefined } : token
  }
  return {
    refused,
    made: () => index + 1,
    token({ minSeconds = 0 } = {}) {
      const { expiresAt } = current()
      const lives = expiresAt === undefined ? Infinity : (expiresAt.getTime() - Date.now()) / 1000
      if (lives < minSeconds && index < make.length - 1) index += 1
      return Promise.resolve(current())
    },
    refuse(value) {
      refused.push(value)
      // As a real source: only the one at hand is forgotten.
      if (value === current().value && index < make.length - 1) index += 1
    },
    close: () => undefined,
  }
}

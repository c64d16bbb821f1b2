/**
 * Quotes one word for a POSIX shell: in double quotes, which people expect to see, unless it contains a character that
 * a shell interprets there; then in single quotes.
 */
export const shellWord = (text: string): string =>
  /["$`\\!]/.test(text) ? `'${text.replaceAll("'", `'\\''`)}'` : `"${text}"`

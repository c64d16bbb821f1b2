/**
 * One word for a POSIX shell: within double quotes where it holds nothing that a shell reads there, as people expect to see it,
 * else within single ones.
 */
export const shellWord = (text: string): string =>
  /["$`\\!]/.test(text) ? `'${text.replaceAll("'", `'\\''`)}'` : `"${text}"`

/** A destination for logs that keeps them. */
export function collectLines(): {
  readonly destination: { write(text: string): void }
  readonly lines: () => readonly Readonly<Record<string, unknown>>[]
} {
  let written = ''
  return {
    destination: {
      write: (text) => {
        written += text
      },
    },
    lines: () =>
      written
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Record<string, unknown>),
  }
}

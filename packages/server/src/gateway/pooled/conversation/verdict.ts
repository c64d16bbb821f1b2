/** What happens to a message on its way through a pooled session. */
export type Verdict =
  /**
   * The message goes on, perhaps with messages of ours before it; with one after it only if the whole message is there.
   */
  | { readonly act: 'pass'; readonly before?: Buffer | undefined; readonly behind?: Buffer }
  /** Our messages go first, and the client's message is judged again when nothing is held any more. */
  | { readonly act: 'hold'; readonly before: Buffer }
  /** Our message goes in its place. */
  | { readonly act: 'replace'; readonly by: Buffer }
  /** The message is not sent on. */
  | { readonly act: 'drop' }

export type RequestVerdict = Exclude<Verdict, { readonly act: 'drop' }>
export type AnswerVerdict = Exclude<Verdict, { readonly act: 'hold' }>

export const PASS = { act: 'pass' } as const satisfies Verdict
export const DROP = { act: 'drop' } as const satisfies Verdict

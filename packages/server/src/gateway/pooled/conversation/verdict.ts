/** What becomes of a message on its way through a pooled session: one of four words. */
export type Verdict =
  /** It goes on, perhaps with messages of ours around it; behind only one that is there as a whole. */
  | { readonly act: 'pass'; readonly before?: Buffer | undefined; readonly behind?: Buffer }
  /** Ours goes first, and the message is judged again when nothing is held any more. */
  | { readonly act: 'hold'; readonly before: Buffer }
  /** Ours goes in its place. */
  | { readonly act: 'replace'; readonly by: Buffer }
  /** It goes nowhere. */
  | { readonly act: 'drop' }

export type RequestVerdict = Exclude<Verdict, { readonly act: 'drop' }>
export type AnswerVerdict = Exclude<Verdict, { readonly act: 'hold' }>

export const PASS = { act: 'pass' } as const satisfies Verdict
export const DROP = { act: 'drop' } as const satisfies Verdict

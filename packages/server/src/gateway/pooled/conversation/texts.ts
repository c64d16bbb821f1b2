/**
 * Which texts may run under the name of a statement or portal: those whose Parse is not answered yet, and those that
 * are bound. statements.ts knows the texts whose Parse was answered.
 */
import { eitherOf, UNSEEN, type TextTraits } from './text-traits.ts'

interface SentText {
  readonly traits: TextTraits
  readonly segment: number
}

/** When there are more portals than this, all are forgotten. */
const MOST_PORTALS = 2_000

/** More are not looked through for every Bind: it waits for their answers. */
const MOST_UNANSWERED = 100

export class Texts {
  /** In the order in which they were sent. */
  readonly #unanswered = new Map<string, SentText[]>()
  /** By portal name, for the present transaction. */
  readonly #portals = new Map<string, TextTraits>()

  parseSent(statement: string, sent: SentText): void {
    const unanswered = this.#unanswered.get(statement)
    if (unanswered === undefined) this.#unanswered.set(statement, [sent])
    else unanswered.push(sent)
  }

  /** The traits of the oldest unanswered Parse with that name, whether it succeeded or failed. */
  parseAnswered(statement: string): TextTraits {
    const unanswered = this.#unanswered.get(statement)
    const traits = unanswered?.shift()?.traits
    if (unanswered?.length === 0) this.#unanswered.delete(statement)
    return traits ?? UNSEEN
  }

  /**
   * The traits of the text that a statement has, or of all texts that it may have by the time it is used.
   * @param made traits of the statement whose Parse was answered, if any
   * @param segment the segment in which it is used
   * @returns `unknown` when only an answer can tell which prepared statement it deallocates, if any
   */
  ofStatement(statement: string, made: TextTraits | undefined, segment: number): TextTraits | 'unknown' {
    const unanswered = this.#unanswered.get(statement)
    const last = unanswered?.at(-1)
    if (unanswered === undefined || last === undefined) return made ?? UNSEEN
    // If that Parse fails, everything after it in its segment is skipped.
    if (last.segment === segment) return last.traits
    if (unanswered.length > MOST_UNANSWERED) return 'unknown'
    const possible = [...(made === undefined ? [] : [made]), ...unanswered.map(({ traits }) => traits)]
    if (possible.some(({ deallocates }) => deallocates !== last.traits.deallocates)) return 'unknown'
    return possible.reduce(eitherOf)
  }

  bound(portal: string, traits: TextTraits): void {
    // A forgotten portal counts as one whose text was not read.
    if (this.#portals.size >= MOST_PORTALS) this.#portals.clear()
    this.#portals.set(portal, traits)
  }

  ofPortal(portal: string): TextTraits {
    return this.#portals.get(portal) ?? UNSEEN
  }

  /** Portals end with their transaction. */
  transactionEnded(): void {
    this.#portals.clear()
  }
}

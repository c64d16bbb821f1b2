/**
 * What may run under the name of a statement or portal: the texts of statements whose Parse is not answered yet, and of those
 * that are bound. Beside statements.ts, which knows those that are there.
 */
import { eitherOf, UNSEEN, type TextTraits } from './text-traits.ts'

interface SentText {
  readonly traits: TextTraits
  readonly segment: number
}

/** More portals are not told apart. */
const MOST_PORTALS = 2_000

export class Texts {
  /** In the order in which they were sent. */
  readonly #unanswered = new Map<string, SentText[]>()
  /** Of what runs in the portals of the transaction. */
  readonly #portals = new Map<string, TextTraits>()

  parseSent(statement: string, sent: SentText): void {
    const unanswered = this.#unanswered.get(statement)
    if (unanswered === undefined) this.#unanswered.set(statement, [sent])
    else unanswered.push(sent)
  }

  /** Of the first one under that name, whatever the answer was. */
  parseAnswered(statement: string): TextTraits {
    const unanswered = this.#unanswered.get(statement)
    const traits = unanswered?.shift()?.traits
    if (unanswered?.length === 0) this.#unanswered.delete(statement)
    return traits ?? UNSEEN
  }

  /**
   * Of the text that a statement has, or of all that it may have by the time that it is used.
   * @param made of the statement that is there
   * @param segment in which it is used
   */
  ofStatement(statement: string, made: TextTraits | undefined, segment: number): TextTraits {
    const unanswered = this.#unanswered.get(statement)
    const last = unanswered?.at(-1)
    if (unanswered === undefined || last === undefined) return made ?? UNSEEN
    // If that Parse fails, whatever follows in its segment is skipped.
    if (last.segment === segment) return last.traits
    return [...(made === undefined ? [] : [made]), ...unanswered.map(({ traits }) => traits)].reduce(eitherOf)
  }

  bound(portal: string, traits: TextTraits): void {
    // What is forgotten counts as not seen.
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

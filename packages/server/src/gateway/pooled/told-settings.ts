/** What the client of one session knows of the settings that PostgreSQL reports, on whichever backend it is. */
import { encodeStatus, type ParameterValues } from './reported-parameters.ts'

export class ToldSettings {
  readonly #told: ParameterValues
  /** Of those that changed since a backend was lent, what they were then. */
  readonly #before = new Map<string, string | undefined>()

  /** @param told at the login */
  constructor(told: ReadonlyMap<string, string>) {
    this.#told = new Map(told)
  }

  /** A backend was lent; what is reported from now on is of this session. */
  begin(): void {
    this.#before.clear()
  }

  /** What the client must be told so that it knows what holds in the backend; it counts as told. */
  catchUp(reported: ReadonlyMap<string, string>): Buffer {
    const messages = [...reported].flatMap(([name, value]) => {
      if (this.#told.get(name) === value) return []
      this.#told.set(name, value)
      return [encodeStatus(name, value)]
    })
    return Buffer.concat(messages)
  }

  /** The backend reports it, and the client reads that. */
  pass({ name, value }: { readonly name: string; readonly value: string }, reported: ParameterValues): void {
    if (!this.#before.has(name)) this.#before.set(name, reported.get(name))
    reported.set(name, value)
    this.#told.set(name, value)
  }

  /** Whether one of them is not what it was when the backend was lent. */
  hasChanged(reported: ReadonlyMap<string, string>): boolean {
    if (this.#before.size === 0) return false
    return [...this.#before].some(([name, value]) => reported.get(name) !== value)
  }

  /** What may be said at any time and changes nothing: one that the client has been told already. */
  sayAgain(): Buffer | undefined {
    const [status] = this.#told
    return status === undefined ? undefined : encodeStatus(...status)
  }
}

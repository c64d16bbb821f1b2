/**
 * The values that the client of one session knows for the settings that PostgreSQL reports, whichever backend it is on.
 */
import { encodeStatus, type ParameterValues } from './reported-parameters.ts'

export class ToldSettings {
  readonly #told: ParameterValues
  /** The values that settings had when the backend was lent, for those that were reported since. */
  readonly #before = new Map<string, string | undefined>()

  /** @param told as reported at the login */
  constructor(told: ReadonlyMap<string, string>) {
    this.#told = new Map(told)
  }

  /** A backend was lent; what it reports from now on comes from this session. */
  begin(): void {
    this.#before.clear()
  }

  /** The messages that bring the client up to date with the backend; the values count as reported. */
  catchUp(reported: ReadonlyMap<string, string>): Buffer {
    const messages = [...reported].flatMap(([name, value]) => {
      if (this.#told.get(name) === value) return []
      this.#told.set(name, value)
      return [encodeStatus(name, value)]
    })
    return Buffer.concat(messages)
  }

  /** The backend reports a setting, and the report goes to the client. */
  pass({ name, value }: { readonly name: string; readonly value: string }, reported: ParameterValues): void {
    if (!this.#before.has(name)) this.#before.set(name, reported.get(name))
    reported.set(name, value)
    this.#told.set(name, value)
  }

  /** Whether any reported setting has another value than when the backend was lent. */
  hasChanged(reported: ReadonlyMap<string, string>): boolean {
    if (this.#before.size === 0) return false
    return [...this.#before].some(([name, value]) => reported.get(name) !== value)
  }

  /** A report that may be sent at any time and changes nothing: of a value that the client already has. */
  sayAgain(): Buffer | undefined {
    const [status] = this.#told
    return status === undefined ? undefined : encodeStatus(...status)
  }
}

import { inspect } from 'node:util'

/**
 * A secret in memory. Printing, logging or serialising it shows `[redacted]`; only `reveal()` gives the
 * value, so that every place which handles a secret in clear can be found by that word (behaviour 74).
 */
export class Redacted<Value> {
  readonly #value: Value

  constructor(value: Value) {
    this.#value = value
  }

  reveal(): Value {
    return this.#value
  }

  toString(): string {
    return '[redacted]'
  }

  toJSON(): string {
    return '[redacted]'
  }

  [inspect.custom](): string {
    return '[redacted]'
  }
}

import { inspect } from 'node:util'

/**
 * A secret in memory. Printing, logging or serialising it shows `[redacted]`; only `reveal()` returns the value, so
 * that searching for that word finds every place that handles a secret in clear text (behaviour 74).
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

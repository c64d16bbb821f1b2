/**
 * Runs requests to the OAuth server; the library and Lakegate keep a context for each across asynchronous calls. From
 * the first use of `AsyncLocalStorage` on, Node 20 follows every promise of the process. That makes each one three
 * times as expensive, even those of REST, which need no context (Node.js, «Asynchronous context tracking»,
 * «Performance»). So it is switched off whenever no such request is under way.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import libraryContext from 'oidc-provider/lib/helpers/als.js'

export class AsyncContext<Value> {
  readonly #storage = new AsyncLocalStorage<Value>()
  readonly #others: readonly AsyncLocalStorage<unknown>[]
  #underWay = 0

  /** @param others storages of a library, which are used only during these requests */
  constructor(others: readonly AsyncLocalStorage<unknown>[] = [libraryContext]) {
    this.#others = others
  }

  /** The value of the request that is being served; undefined outside of requests. */
  get current(): Value | undefined {
    return this.#storage.getStore()
  }

  async run<Result>(value: Value, serve: () => Promise<Result>): Promise<Result> {
    this.#underWay += 1
    try {
      return await this.#storage.run(value, serve)
    } finally {
      this.#underWay -= 1
      if (this.#underWay === 0) for (const storage of [this.#storage, ...this.#others]) storage.disable()
    }
  }
}

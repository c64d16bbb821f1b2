/** A check that runs soon after it is requested, once for many requests, and is due by itself after a while. */
export interface RepeatedCheckPorts {
  readonly uptimeMs: () => number
  readonly check: () => Promise<void>
  readonly onFailure: (error: unknown) => void
}

/** A burst of changes in the directory leads to one check. */
const PAUSE_MS = 1_000
/** Roles and labels inside instances change without notifying us. */
const EVERY_MS = 30_000

export class RepeatedCheck {
  readonly #ports: RepeatedCheckPorts
  #timer: NodeJS.Timeout | undefined
  #last: number
  #isRunning = false
  /** Requested while a check ran, which may have looked already at what has changed since. */
  #isRequestedAgain = false
  #isStopped = false

  constructor(ports: RepeatedCheckPorts) {
    this.#ports = ports
    this.#last = ports.uptimeMs()
  }

  get isDue(): boolean {
    return this.#ports.uptimeMs() - this.#last >= EVERY_MS
  }

  soon(): void {
    if (this.#isStopped || this.#timer !== undefined) return
    if (this.#isRunning) {
      this.#isRequestedAgain = true
      return
    }
    const wait = Math.max(0, this.#last + PAUSE_MS - this.#ports.uptimeMs())
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      void this.#run()
    }, wait).unref()
  }

  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#timer)
  }

  async #run(): Promise<void> {
    this.#last = this.#ports.uptimeMs()
    this.#isRunning = true
    try {
      await this.#ports.check()
    } catch (error) {
      this.#ports.onFailure(error)
    } finally {
      this.#isRunning = false
    }
    if (!this.#isRequestedAgain) return
    this.#isRequestedAgain = false
    this.soon()
  }
}

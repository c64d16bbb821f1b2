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

  constructor(ports: RepeatedCheckPorts) {
    this.#ports = ports
    this.#last = ports.uptimeMs()
  }

  get isDue(): boolean {
    return this.#ports.uptimeMs() - this.#last >= EVERY_MS
  }

  soon(): void {
    if (this.#timer !== undefined) return
    const wait = Math.max(0, this.#last + PAUSE_MS - this.#ports.uptimeMs())
    this.#timer = setTimeout(() => {
      this.#last = this.#ports.uptimeMs()
      this.#ports
        .check()
        .catch(this.#ports.onFailure)
        .finally(() => {
          this.#timer = undefined
        })
    }, wait).unref()
  }

  stop(): void {
    clearTimeout(this.#timer)
  }
}

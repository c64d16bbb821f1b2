/** Work on one connection, one item after the other: runs come before questions, which can wait. */

export type WorkKind = 'run' | 'question'

export interface WorkQueue {
  add(kind: WorkKind, work: () => Promise<void>): void
  /** Whether a run is in progress or waiting. */
  readonly hasRun: boolean
  readonly waiting: number
  /** Starts no further work. */
  stop(): void
}

/** @param around called when work of a kind begins, and when it has finished or failed */
export function createWorkQueue(around: {
  began(kind: WorkKind): void
  ended(kind: WorkKind): void
  failed(error: unknown): void
}): WorkQueue {
  const tasks: { readonly kind: WorkKind; readonly work: () => Promise<void> }[] = []
  let active: WorkKind | undefined
  let isStopped = false

  async function next(): Promise<void> {
    while (active === undefined && !isStopped) {
      const task = tasks.shift()
      if (task === undefined) return
      active = task.kind
      around.began(task.kind)
      try {
        await task.work()
      } catch (error) {
        around.failed(error)
      }
      active = undefined
      around.ended(task.kind)
    }
  }

  return {
    add(kind, work) {
      const place = kind === 'run' ? tasks.findIndex((task) => task.kind === 'question') : -1
      tasks.splice(place < 0 ? tasks.length : place, 0, { kind, work })
      void next()
    },
    get hasRun() {
      return active === 'run' || tasks.some(({ kind }) => kind === 'run')
    },
    get waiting() {
      return tasks.length
    },
    stop() {
      isStopped = true
      tasks.length = 0
    },
  }
}

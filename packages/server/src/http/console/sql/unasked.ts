/** Passes notices and notifications to the browser as they arrive, up to a limit. */
import type { SqlServerFrame } from '@lakegate/client'
import type { ErrorFields } from './conversation.ts'
import { toSqlError } from './sql-error.ts'

const MOST_OF_ONE_RUN = 1_000

export interface UnaskedMessages {
  notice(fields: ErrorFields): void
  notification(processId: number, channel: string, payload: string): void
  /** Called when a run is over: reports how many were left out, and resets the count. */
  settle(): void
}

export function createUnaskedMessages(
  emit: (frame: SqlServerFrame) => void,
  clock: () => Date,
): UnaskedMessages {
  let told = 0
  let dropped = 0
  /** @param frameOf not called for a message that is left out: reading an error takes time */
  const tell = (frameOf: () => SqlServerFrame): void => {
    if (told >= MOST_OF_ONE_RUN) {
      dropped += 1
      return
    }
    told += 1
    emit(frameOf())
  }
  return {
    notice(fields) {
      tell(() => ({ type: 'notice', notice: toSqlError(fields), time: clock().toISOString() }))
    },
    notification(processId, channel, payload) {
      const time = clock().toISOString()
      tell(() => ({ type: 'notification', channel, payload, process_id: processId, time }))
    },
    settle() {
      if (dropped > 0) emit({ type: 'notices_dropped', count: dropped })
      told = 0
      dropped = 0
    },
  }
}

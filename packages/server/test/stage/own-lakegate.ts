/** A Lakegate of a file's own, for one that needs other settings than the shared one, or stops what it uses. */
import { makeDataDirectory, removeDataDirectory, startLakegate, type RunningLakegate } from './lakegate.ts'

export interface OwnLakegate extends RunningLakegate {
  /** Stops it and removes its data directory. */
  remove(): Promise<void>
}

/** One worker unless the file asks for more: what several do together is tried on the shared Lakegate, and by files of its own. */
export async function startOwnLakegate(
  environment: Readonly<Record<string, string>> = {},
): Promise<OwnLakegate> {
  const dataDirectory = await makeDataDirectory()
  const lakegate = await startLakegate({
    dataDirectory,
    environment: { LAKEGATE_GATEWAY_WORKERS: '1', ...environment },
  })
  return {
    ...lakegate,
    async remove() {
      await lakegate.stop()
      await removeDataDirectory(dataDirectory)
    },
  }
}

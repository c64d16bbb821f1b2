/** A Lakegate of a file's own, for one that needs other settings than the shared one, or stops what it uses. */
import { makeDataDirectory, removeDataDirectory, startLakegate, type RunningLakegate } from './lakegate.ts'

export interface OwnLakegate extends RunningLakegate {
  /** Stops it and removes its data directory. */
  remove(): Promise<void>
}

export async function startOwnLakegate(
  environment: Readonly<Record<string, string>> = {},
): Promise<OwnLakegate> {
  const dataDirectory = await makeDataDirectory()
  const lakegate = await startLakegate({ dataDirectory, environment })
  return {
    ...lakegate,
    async remove() {
      await lakegate.stop()
      await removeDataDirectory(dataDirectory)
    },
  }
}

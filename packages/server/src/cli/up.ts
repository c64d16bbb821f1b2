/** `lakegate up`: everything on one machine, in the foreground, until Ctrl-C. */
import type { LoadedSettings } from '../config/load.ts'
import { renderBanner, type BannerFacts } from './banner.ts'
import { createProgress, type Progress } from './progress.ts'

export interface RunningLakegate {
  readonly facts: BannerFacts
  /** Stops everything in reverse order. */
  stop(): Promise<void>
}

export type StartEverything = (settings: LoadedSettings, progress: Progress) => Promise<RunningLakegate>

/** Resolves when the server has stopped. A second signal while it stops ends the process at once. */
export async function up(settings: LoadedSettings, startEverything: StartEverything): Promise<void> {
  const progress = createProgress(process.stdout)
  const stopRequested = new Promise<NodeJS.Signals>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, resolve)
  })
  // What is half started is stopped as soon as it is started.
  const running = await startEverything(settings, progress)
  process.stdout.write(renderBanner(running.facts))
  await stopRequested
  process.stdout.write('\n')
  await progress.step('Stopping', () => running.stop())
}

/** `lakegate up`: everything on one machine, in the foreground, until Ctrl-C. */
import type { LoadedSettings } from '../config/load.ts'
import { renderBanner, type BannerFacts } from './banner.ts'
import { createProgress, type Progress } from './progress.ts'
import { listenToSignals } from './signals.ts'

export interface RunningServer {
  /** Stops everything in reverse order; sessions are given the time that the settings say. */
  stop(): Promise<void>
  /** A stop that is under way waits for nobody from here on. */
  hurry(): void
  /** @param read gives the settings as they are now */
  reload(read: () => LoadedSettings): Promise<void>
}

export interface RunningLakegate extends RunningServer {
  readonly facts: BannerFacts
}

/** Where what is rendered goes. */
export interface Output {
  /** Secrets are shown to a terminal only: a pipe, a journal or the log of a container keep them (behaviour 74). */
  readonly isTerminal: boolean
}

export type Start<Running> = (
  settings: LoadedSettings,
  progress: Progress,
  output: Output,
) => Promise<Running>
export type StartEverything = Start<RunningLakegate>

export async function up(read: () => LoadedSettings, startEverything: StartEverything): Promise<void> {
  await runUntilStopped(read, startEverything, ({ facts }) => renderBanner(facts))
}

/** Node leaves it out for a pipe or a file. */
const isTerminal = ({ isTTY }: { readonly isTTY?: boolean }): boolean => isTTY === true

/** Resolves when the server has stopped. */
export async function runUntilStopped<Running extends RunningServer>(
  read: () => LoadedSettings,
  start: Start<Running>,
  render: (running: Running) => string,
): Promise<void> {
  const settings = read()
  // Whoever read it may be gone (`lakegate up | head`): EPIPE must not end a server before it has stopped what it started.
  process.stdout.on('error', () => undefined)
  const progress = createProgress(process.stdout)
  const signals = listenToSignals()
  // What is half started is stopped as soon as it is started.
  const running = await start(settings, progress, { isTerminal: isTerminal(process.stdout) })
  signals.onReload(() => void running.reload(read))
  signals.onImpatience(() => {
    running.hurry()
  })
  process.stdout.write(render(running))
  await signals.stopRequested
  process.stdout.write('\n')
  await progress.step('Stopping', () => running.stop())
}

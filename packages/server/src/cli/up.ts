/** `lakegate up`: everything on one machine, in the foreground, until Ctrl-C. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { LoadedSettings } from '../config/load.ts'
import { renderBanner, type BannerFacts } from './banner.ts'
import { createProgress, type Progress } from './progress.ts'
import { listenToSignals, type Signals } from './signals.ts'

export interface RunningServer {
  /** Stops everything in reverse order; sessions are given the time that the settings say. */
  stop(): Promise<void>
  /** A stop that is under way waits for no session from here on. */
  endDrain(): void
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

/**
 * Resolves when the server has stopped.
 * @throws Interrupted when it was to stop before it was ready, and has
 */
export async function runUntilStopped<Running extends RunningServer>(
  read: () => LoadedSettings,
  start: Start<Running>,
  render: (running: Running) => string,
): Promise<void> {
  const settings = read()
  const signals = listenToSignals()
  const running = await startUnlessInterrupted(signals, () =>
    start(settings, createProgress(process.stdout, signals.refuseToGoOn), {
      isTerminal: isTerminal(process.stdout),
    }),
  )
  signals.onReload(() => void running.reload(read))
  signals.onSecondRequest(() => {
    running.endDrain()
  })
  process.stdout.write(render(running))
  await signals.stopRequested
  process.stdout.write('\n')
  await createProgress(process.stdout).step('Stopping', () => running.stop())
}

/** The first failure after Ctrl-C is mostly that of a program which the terminal sent the same signal to. */
async function startUnlessInterrupted<Running>(
  signals: Signals,
  start: () => Promise<Running>,
): Promise<Running> {
  try {
    return await start()
  } catch (error) {
    // A signal that came while a program was waited for is heard in the next turn of the event loop.
    await nextTurn()
    signals.refuseToGoOn()
    throw error
  }
}

/** `lakegate up`: everything on one machine, in the foreground, until Ctrl-C. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { LoadedSettings } from '../config/load.ts'
import { renderBanner, type BannerFacts } from './banner.ts'
import { createProgress, type Progress } from './progress.ts'
import { isSignedInElsewhere } from './signed-in-elsewhere.ts'
import { listenToSignals, type Signals } from './signals.ts'

export interface RunningServer {
  /** Stops everything in reverse order; open sessions get the time that the settings allow. */
  stop(): Promise<void>
  /** From now on, a stop that is in progress waits for no session. */
  endDrain(): void
  /** @param read gives the settings as they are now */
  reload(read: () => LoadedSettings): Promise<void>
}

export interface RunningLakegate extends RunningServer {
  readonly facts: BannerFacts
}

/** Where the rendered text goes. */
export interface Output {
  /**
   * Secrets are shown only on a terminal: a pipe, a journal or the log of a container would keep them (behaviour 74).
   */
  readonly isTerminal: boolean
  /** Whether all data is removed at the stop, so that nothing has to reach the disk. */
  readonly isTemporary: boolean
}

export type Start<Running> = (
  settings: LoadedSettings,
  progress: Progress,
  output: Output,
) => Promise<Running>
export type StartEverything = Start<RunningLakegate>

export async function up(read: () => LoadedSettings, startEverything: StartEverything): Promise<void> {
  await runUntilStopped(read, startEverything, printBanner)
}

export const printBanner = async ({ facts }: RunningLakegate): Promise<string> =>
  renderBanner(facts, await isSignedInElsewhere(facts.httpUrl))

/** Node leaves `isTTY` undefined for a pipe or a file. */
const isTerminal = ({ isTTY }: { readonly isTTY?: boolean }): boolean => isTTY === true

/** How a server in the foreground runs, other than as its settings say. */
export interface Manner {
  readonly isTemporary: boolean
  /** Where the steps of the start and of the stop are printed. */
  readonly progress: { write(text: string): unknown }
  /** Stops as at Ctrl-C when this resolves. */
  readonly until: Promise<void>
}

const ORDINARY: Manner = {
  isTemporary: false,
  progress: process.stdout,
  until: new Promise(() => undefined),
}

/**
 * Resolves when the server has stopped.
 * @throws Interrupted when it was asked to stop before it was ready, and has stopped
 */
export async function runUntilStopped<Running extends RunningServer>(
  read: () => LoadedSettings,
  start: Start<Running>,
  render: (running: Running) => string | Promise<string>,
  manner: Manner = ORDINARY,
): Promise<void> {
  const settings = read()
  const signals = listenToSignals()
  void manner.until.then(signals.requestStop)
  const running = await startUnlessInterrupted(signals, () =>
    start(settings, createProgress(manner.progress, signals.refuseToGoOn), {
      isTerminal: isTerminal(process.stdout),
      isTemporary: manner.isTemporary,
    }),
  )
  signals.onReload(() => void running.reload(read))
  signals.onSecondRequest(() => {
    running.endDrain()
  })
  process.stdout.write(await render(running))
  await signals.stopRequested
  manner.progress.write('\n')
  try {
    await createProgress(manner.progress).step('Stopping', () => running.stop())
  } catch (cause) {
    if (manner.isTemporary) throw new StopFailed(cause)
    throw cause
  }
}

/** What it started may still run. */
export class StopFailed extends Error {
  constructor(cause: unknown) {
    super('the stop failed', { cause })
  }
}

/**
 * After Ctrl-C the first failure is usually that of a child program, because the terminal sends the signal to it too.
 * The interruption is then reported instead of that failure.
 */
async function startUnlessInterrupted<Running>(
  signals: Signals,
  start: () => Promise<Running>,
): Promise<Running> {
  try {
    return await start()
  } catch (error) {
    // A signal that arrived while a synchronous child program ran is handled in the next turn of the event loop.
    await nextTurn()
    signals.refuseToGoOn()
    throw error
  }
}

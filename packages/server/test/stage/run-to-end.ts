/** A start that is expected to end by itself: how it ended, and what it said. */
import { once } from 'node:events'
import { spawnLakegate } from './lakegate.ts'

export interface EndedRun {
  readonly code: number | null
  /** Standard output and standard error. */
  readonly output: string
}

/** Runs `lakegate up`, or another command, on free ports until it ends by itself. */
export async function runToEnd(
  environment: Readonly<Record<string, string>>,
  programArguments: readonly string[] = ['up'],
): Promise<EndedRun> {
  const { child, output } = spawnLakegate(programArguments, {
    LAKEGATE_HTTP_PORT: '0',
    LAKEGATE_GATEWAY_PORT: '0',
    LAKEGATE_GATEWAY_HEALTH_PORT: '0',
    ...environment,
  })
  const ended = once(child, 'close') as Promise<[number | null]>
  child.stdout?.on('data', () => {
    // What was expected to be refused is not left running.
    if (output().includes('is ready')) child.kill('SIGTERM')
  })
  const [code] = await ended
  return { code, output: output() }
}

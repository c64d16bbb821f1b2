/** Commands of the program that talk to a Lakegate that runs, as an operator gives them. */
import { once } from 'node:events'
import { spawnLakegate, type Lakegate } from './lakegate.ts'

/** @param token the administrator's unless given; empty for none */
export async function runCommand(
  { ready }: Lakegate,
  words: readonly string[],
  token = ready.admin_token,
): Promise<{ readonly status: number | null; readonly output: string }> {
  const { child, output } = spawnLakegate(words, {
    DATABRICKS_HOST: ready.http_url,
    DATABRICKS_TOKEN: token,
  })
  const [status] = (await once(child, 'close')) as [number | null]
  return { status, output: output() }
}

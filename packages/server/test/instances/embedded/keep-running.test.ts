/** The embedded system database is looked after for as long as Lakegate runs, whatever comes in between. */
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it } from 'vitest'
import type { ClusterDefinition } from '../../../src/instances/embedded/cluster-definition.ts'
import { keepClusterRunning } from '../../../src/instances/embedded/keep-running.ts'
import { waitFor } from '../../stage/wait-for.ts'

it('a look at it that fails neither ends the process nor takes it for dead (attack 66)', async () => {
  // Looking at it fails, as without a file descriptor to look with.
  const directory = path.join(tmpdir(), 'x'.repeat(300))
  const told: string[] = []
  const letGo = keepClusterRunning({ directory } as ClusterDefinition, {
    onDied: () => told.push('died'),
    onRestarted: () => told.push('restarted'),
    onRestartFailed: () => told.push('restart failed'),
    onBlind: () => told.push('blind'),
  })
  await waitFor('a look at it', () => Promise.resolve(told.length > 0))
  expect(told).toEqual(['blind'])
  await letGo()
})

/** What the banner says of endpoints that are not at their own ports: what, where, and what to do. */
import { expect, it } from 'vitest'
import { describeStandIns } from '../../src/cli/stand-in-ports.ts'

const STAND_IN = {
  instance: 'dev',
  endpoint: 'direct',
  host: '127.64.0.1',
  ownPort: 5432,
  port: 40001,
} as const

it('says nothing when every endpoint is at its own port', () => {
  expect(describeStandIns([])).toEqual([])
})

it('says in one sentence for each port who has it, where clients go for now, and how it comes back', () => {
  const pooled = { ...STAND_IN, endpoint: 'pooled', host: '127.128.0.1', port: 40002 } as const
  expect(describeStandIns([STAND_IN, pooled])).toEqual([
    'Port 5432 is taken by another program, so for now on another port: ' +
      'dev at 127.64.0.1 port 40001, dev (pooled) at 127.128.0.1 port 40002. ' +
      'Free port 5432, and the next start goes back to it; or choose a port with LAKEGATE_GATEWAY_PORT.',
  ])
})

it('names a few of many', () => {
  const many = Array.from({ length: 9 }, (_, index) => ({ ...STAND_IN, instance: `db${String(index)}` }))
  const [sentence] = describeStandIns(many)
  expect(sentence).toContain('db3 at 127.64.0.1 port 40001, 5 more, see the log.')
  expect(sentence).not.toContain('db4')
})

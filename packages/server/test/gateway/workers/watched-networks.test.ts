/** The brake on guessing passwords over several workers: no message where nothing went wrong, and one count where it did (attack 34). */
import { describe, expect, it } from 'vitest'
import { FailedLoginCount, WatchedNetworks } from '../../../src/gateway/workers/watched-networks.ts'
import type { InstanceUid } from '../../../src/domain/ids.ts'
import type { FailedLoginsQuestion } from '../../../src/operations/ports/proof.ts'

const LIMITS = { perRole: 3, perAddress: 100, windowMs: 60_000 }

function node() {
  const workers = [new WatchedNetworks(), new WatchedNetworks()] as const
  let told = 0
  const count = new FailedLoginCount((watched) => {
    told += 1
    for (const worker of workers) worker.watch(watched)
    return Promise.resolve()
  })
  const ask = async (
    worker: 0 | 1,
    kind: FailedLoginsQuestion['kind'],
    clientAddress = '192.0.2.1',
    now = 0,
  ) => {
    const login = { instanceUid: 'uid' as InstanceUid, roleName: 'app', clientAddress }
    const question = { kind, login, limits: LIMITS, now }
    const own = workers[worker].answer(question)
    return { isOwn: own !== undefined, answer: own ?? (await count.answer(question)) }
  }
  return { ask, count, told: () => told }
}

describe('failed logins of several workers', () => {
  it('are nobody’s business where nothing went wrong: each answers for itself', async () => {
    const { ask } = node()
    for (const kind of ['look', 'right', 'release'] as const)
      await expect(ask(0, kind)).resolves.toEqual({
        isOwn: true,
        answer: { delayMs: 0, closedUntil: null },
      })
  })

  it('close the door for all of them, a right password at another worker included', async () => {
    const { ask } = node()
    for (let wrong = 0; wrong < LIMITS.perRole; wrong += 1) await ask(0, 'wrong')
    const { isOwn, answer } = await ask(1, 'right')
    expect(isOwn).toBe(false)
    expect(answer.closedUntil).toBe(LIMITS.windowMs)
  })

  it('of one network say nothing of another', async () => {
    const { ask } = node()
    await ask(0, 'wrong')
    await expect(ask(1, 'look', '198.51.100.7')).resolves.toMatchObject({ isOwn: true })
  })

  it('are told once, not at every wrong password', async () => {
    const { ask, told } = node()
    for (let wrong = 0; wrong < 20; wrong += 1) await ask(0, 'wrong')
    expect(told()).toBe(1)
  })

  it('are watched as long as they count, and no longer', async () => {
    const { ask } = node()
    await ask(0, 'wrong')
    await ask(0, 'wrong', '192.0.2.1', LIMITS.windowMs - 1)
    await expect(ask(1, 'look', '192.0.2.1', 2 * LIMITS.windowMs - 1)).resolves.toMatchObject({
      isOwn: false,
    })
    await expect(ask(1, 'look', '192.0.2.1', 4 * LIMITS.windowMs)).resolves.toMatchObject({ isOwn: true })
  })

  it('are known to a worker that starts later', async () => {
    const { ask, count } = node()
    await ask(0, 'wrong')
    expect(count.watched()).toEqual([{ network: '192.0.2.1', until: 2 * LIMITS.windowMs }])
  })

  it('are not forgotten because somebody fails from very many networks', async () => {
    const worker = new WatchedNetworks()
    for (let number = 0; number < 10_001; number += 1)
      worker.watch({ network: `network ${String(number)}`, until: 1_000 })
    const login = { instanceUid: 'uid' as InstanceUid, roleName: 'app', clientAddress: '192.0.2.1' }
    const look = { kind: 'look' as const, login, limits: LIMITS }
    expect(worker.answer({ ...look, now: 0 })).toBeUndefined()
    expect(worker.answer({ ...look, now: 1_000 })).toBeDefined()
  })
})

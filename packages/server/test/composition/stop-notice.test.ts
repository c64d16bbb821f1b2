/** Load balancers are told before a stop, and whoever is in a hurry need not wait for them. */
import { describe, expect, it } from 'vitest'
import { createStopNotice } from '../../src/composition/stop-notice.ts'

describe('the notice before a stop', () => {
  it('is seen in the health as soon as it is given, and not before', async () => {
    const notice = createStopNotice()
    await expect(notice.check.check()).resolves.toBeUndefined()
    const given = notice.give(3_600_000)
    await expect(notice.check.check()).rejects.toThrow('stops')
    notice.end()
    await given
    await expect(notice.check.check()).rejects.toThrow('stops')
  })

  it('without a time is over at once', async () => {
    await createStopNotice().give(0)
  })

  it('that was ended before it was given is over at once', async () => {
    const notice = createStopNotice()
    notice.end()
    await notice.give(3_600_000)
  })
})

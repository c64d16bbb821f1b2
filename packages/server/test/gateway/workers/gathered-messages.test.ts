import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { gatherMessages } from '../../../src/gateway/workers/gathered-messages.ts'

describe('messages between the processes of a gateway', () => {
  it('that are said in one turn go together, in their order', async () => {
    const sent: (readonly string[])[] = []
    const { say } = gatherMessages<string>((messages) => sent.push(messages))
    say('take')
    await Promise.resolve()
    say('closed')
    expect(sent).toEqual([])
    await turn()
    say('later')
    await turn()
    expect(sent).toEqual([['take', 'closed'], ['later']])
  })

  it('that must go before another are sent at once, and not again', async () => {
    const sent: (readonly string[])[] = []
    const { say, flush } = gatherMessages<string>((messages) => sent.push(messages))
    say('failed')
    flush()
    expect(sent).toEqual([['failed']])
    flush()
    await turn()
    expect(sent).toEqual([['failed']])
  })
})

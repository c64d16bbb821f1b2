/** What is said of an address on which the gateway cannot listen: the setting that is wrong. */
import { describe, expect, it } from 'vitest'
import { openSharedListener } from '../../src/gateway/listening/listeners.ts'

const nothing = () => undefined

describe('an address on which the gateway cannot listen', () => {
  it('is one of another machine: choose another address', async () => {
    // RFC 5737: nobody has it.
    await expect(openSharedListener('203.0.113.7', 0, nothing)).rejects.toMatchObject({
      code: 'gateway_address_unusable',
      nextStep: expect.stringContaining('LAKEGATE_GATEWAY_HOST') as string,
    })
  })

  it('has a port that is taken: choose another port', async () => {
    const first = await openSharedListener('127.0.0.1', 0, nothing)
    await expect(openSharedListener('127.0.0.1', first.port, nothing)).rejects.toMatchObject({
      code: 'gateway_port_taken',
      nextStep: expect.stringContaining('LAKEGATE_GATEWAY_PORT') as string,
    })
    first.server.close()
  })
})

/** What is said of an address on which the gateway cannot listen: the setting that is wrong. */
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { bindAddress } from '../../src/gateway/listening/bind-address.ts'
import { openSharedListener, type ListenAt } from '../../src/gateway/listening/listeners.ts'
import { LISTEN_NOWHERE } from '../stage/listen-nowhere.ts'

/** This process itself, and one that gives the socket to workers. */
const WAYS: readonly (readonly [string, ListenAt])[] = [
  [
    'in this process',
    (at) => LISTEN_NOWHERE.listen(at, { instanceUid: undefined, certificateHost: at.host }),
  ],
  ['for workers', bindAddress],
]

describe.each(WAYS)('an address on which the gateway cannot listen %s', (_who, listen) => {
  it('is one of another machine: choose another address', async () => {
    // RFC 5737: nobody has it.
    await expect(openSharedListener('203.0.113.7', 0, listen)).rejects.toMatchObject({
      code: 'gateway_address_unusable',
      nextStep: expect.stringContaining('LAKEGATE_GATEWAY_HOST') as string,
    })
  })

  it('has a port that is taken: choose another port', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    await expect(openSharedListener('127.0.0.1', port, listen)).rejects.toMatchObject({
      code: 'gateway_port_taken',
      nextStep: expect.stringContaining('LAKEGATE_GATEWAY_PORT') as string,
    })
    other.close()
  })

  it('is another matter than one on which it can: its port is told', async () => {
    const listener = await openSharedListener('127.0.0.1', 0, listen)
    expect(listener.port).toBeGreaterThan(0)
    listener.close()
  })
})

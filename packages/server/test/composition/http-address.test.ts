/** What is advertised where nothing is said of it, and what does not fit together (issue 10, C20). */
import { describe, expect, it } from 'vitest'
import { openHttp, type HttpAddress } from '../../src/composition/http-address.ts'
import { loadSettings } from '../../src/config/load.ts'

async function addressWith(flags: Readonly<Record<string, string>>): Promise<HttpAddress> {
  const address = await openHttp(
    loadSettings({ flags: { 'http-port': '0', ...flags }, environment: {}, configFile: undefined }),
    { warn: () => undefined },
  )
  await address.listener.close()
  return address
}

describe('the public URL that nobody has set', () => {
  it.each([
    ['127.0.0.1', {}, 'http://127.0.0.1'],
    ['::1', {}, 'http://[::1]'],
    ['localhost', {}, 'http://localhost'],
    ['0.0.0.0', {}, 'https://0.0.0.0'],
    ['::', {}, 'https://[::]'],
    ['0.0.0.0', { 'plain-http': 'everywhere' }, 'http://0.0.0.0'],
  ])('at %s, with %j, begins with what is taken there: %s', async (host, flags, origin) => {
    const { publicUrl, listener, remarks } = await addressWith({ 'http-host': host, ...flags })
    expect(publicUrl).toBe(`${origin}:${String(listener.port)}`)
    expect(remarks).toEqual([])
  })
})

describe('a public URL of plain HTTP', () => {
  const publicUrl = 'http://lakegate.example.com'

  it('is remarked on where plain HTTP is refused', async () => {
    const { remarks } = await addressWith({ 'http-host': '0.0.0.0', 'public-url': publicUrl })
    expect(remarks).toEqual([expect.stringContaining('LAKEGATE_PLAIN_HTTP=everywhere')])
  })

  it.each([
    { 'http-host': '127.0.0.1' },
    { 'http-host': '0.0.0.0', 'plain-http': 'everywhere' },
    { 'http-host': '0.0.0.0', 'forwarded-for-from': '192.0.2.80' },
  ])('is not with %j', async (flags) => {
    expect((await addressWith({ 'public-url': publicUrl, ...flags })).remarks).toEqual([])
  })
})

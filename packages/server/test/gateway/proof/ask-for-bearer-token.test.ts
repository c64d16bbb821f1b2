/** src/gateway/proof/ask-for-bearer-token.ts: who is sent off for a new token, and who is not. */
import { Duplex } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { askForBearerToken } from '../../../src/gateway/proof/ask-for-bearer-token.ts'
import { createByteReader } from '../../../src/gateway/byte-reader.ts'
import { RefusedError } from '../../../src/operations/refused-error.ts'
import { refuse, type Refusal } from '../../../src/policy/refusals.ts'
import { saslInitialResponse, saslResponse } from '../../stage/byte-builder.ts'

/** Sends a token and, in case it is asked for, the acknowledgement. @returns what was thrown, and what was said to it */
async function present(refusal: Refusal) {
  let said = ''
  const duplex = new Duplex({
    read: () => undefined,
    write(chunk: Buffer, _encoding, done) {
      said += chunk.toString('latin1')
      done()
    },
  })
  const stream = Object.assign(duplex, { bytesRead: 0, bytesWritten: 0 })
  stream.push(saslInitialResponse('OAUTHBEARER', Buffer.from('n,,\x01auth=Bearer abc\x01\x01')))
  stream.push(saslResponse(Buffer.of(1)))
  const thrown = await askForBearerToken(
    stream,
    createByteReader(stream, new AbortController().signal),
    { roleName: 'ada', issuer: 'https://lakegate.example/oidc', scope: 'postgres' },
    () => Promise.reject(new RefusedError(refusal)),
  ).catch((error: unknown) => error)
  stream.destroy()
  return { thrown, said }
}

describe('a token that is refused', () => {
  it('is answered with where another is to be had', async () => {
    const { thrown, said } = await present(refuse('token_not_decodable', { role: 'ada' }))
    expect(thrown).toMatchObject({ refusal: { name: 'token_not_decodable' } })
    expect(said).toContain('"status":"invalid_token"')
  })

  it('by a system database that cannot be asked is not: another token would not help', async () => {
    const { thrown, said } = await present(refuse('facts_unavailable', { reason: 'It is down.' }))
    expect(thrown).toMatchObject({ refusal: { name: 'facts_unavailable' } })
    expect(said).not.toContain('invalid_token')
  })
})

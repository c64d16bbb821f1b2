/** What a TLS listener of ours allows is decided in one place (attack 55): no other file makes a context or a TLS server. */
import { expect, it } from 'vitest'
import { SOURCE_FILES } from './sources.ts'

const MAKES_A_CONTEXT =
  /\bcreateSecureContext\(|\bcreateSecureServer\b|import \{[^}]*\bcreateServer\b[^}]*\} from 'node:(?:tls|https)'/

it('makes the contexts of TLS servers in one file', () => {
  const makers = SOURCE_FILES.filter(({ text }) => MAKES_A_CONTEXT.test(text)).map(({ path }) => path)
  // The other one tries whether OpenSSL takes the operator's certificate at all; no listener gets that context.
  expect(makers).toEqual(['gateway/listening/secure-contexts.ts', 'keys/operator-certificate.ts'])
})

it('hands that context to every TLS socket of a server', () => {
  const sockets = SOURCE_FILES.flatMap(({ path, text }) =>
    [...text.matchAll(/new TLSSocket\(((?:[^()]|\([^)]*\))*)\)/g)].map(([, options = '']) => ({
      path,
      options,
    })),
  )
  expect(sockets.map(({ path }) => path)).toEqual([
    'gateway/streams/bun-streams.ts',
    'gateway/streams/node-streams.ts',
    'http/endpoint.ts',
  ])
  for (const { options } of sockets) expect(options).toMatch(/isServer: true,\s+secureContext\b/)
})

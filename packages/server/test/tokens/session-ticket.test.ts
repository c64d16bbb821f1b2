/** The ticket of a session, which shows its identity to databricks_create_role. */
import { generateKeyPair } from 'jose'
import { expect, it } from 'vitest'
import type { IdentityId, InstanceUid, RoleOid, WorkspaceId } from '../../src/domain/ids.ts'
import { issueSessionTicket, verifySessionTicket } from '../../src/tokens/session-ticket.ts'

const NOW = new Date('2026-11-24T12:00:00Z')
const ISSUER = 'http://127.0.0.1:8470/oidc'

it('is valid although the clock of the gateway is behind the one that issued the token', async () => {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
  const ticket = {
    identityId: '7' as IdentityId,
    workspaceId: '1' as WorkspaceId,
    instanceUid: '0b3ee2f6-5b5b-4b55-9d69-6d3b7a3f0a11' as InstanceUid,
    roleOid: '16385' as RoleOid,
    // Of a token that was issued three seconds from now.
    expiresAt: new Date(NOW.getTime() + 3_603_000),
  }
  const text = issueSessionTicket(ticket, { issuer: ISSUER, now: NOW }, { kid: 'current', privateKey })
  const context = {
    issuerOf: () => Promise.resolve(ISSUER),
    now: NOW,
    keys: { verificationKey: () => Promise.resolve(publicKey) },
  }
  await expect(verifySessionTicket(text, context)).resolves.toEqual(ticket)
})

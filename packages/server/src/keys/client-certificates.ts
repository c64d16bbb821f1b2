/**
 * Certificates with which the gateway logs in to attached clusters: one per role, with the role's name as common name
 * (PostgreSQL, "Certificate Authentication"). Their authority is not that of the server certificates, so that
 * certificates of one kind are never accepted as the other. They are valid for an hour, and their keys exist in memory
 * only.
 */
import 'reflect-metadata'
import * as x509 from '@peculiar/x509'
import type { Redacted } from '../domain/redacted.ts'
import {
  issueLeaf,
  loadAuthority,
  type Authority,
  type AuthorityPorts,
  type MakingOfAuthority,
} from './certificate-authority.ts'

export interface ClientCertificate {
  readonly certificateChainPem: string
  readonly privateKeyPem: Redacted<string>
}

export interface ClientCertificates {
  /**
   * Loads the authority; creates it when there is none.
   * @throws Fault certificate_authority_lost when none may be created, master_key_does_not_fit
   */
  start(options?: MakingOfAuthority): Promise<void>
  /** The certificate that operators put into `ssl_ca_file`. */
  certificatePem(): string
  certificateFor(roleName: string): Promise<ClientCertificate>
}

const LIFETIME_MS = 60 * 60 * 1000
/** A certificate is replaced when less than this is left, which is longer than any login takes. */
const RENEW_BEFORE_MS = 20 * 60 * 1000
const REMEMBERED = 10_000

interface Issued extends ClientCertificate {
  readonly expiresAt: Date
}

export function createClientCertificates(ports: AuthorityPorts): ClientCertificates {
  const { clock } = ports
  let authority: Authority | undefined
  const issued = new Map<string, Promise<Issued>>()

  const loaded = (): Authority => {
    if (authority === undefined) throw new Error('the authority for client certificates was not started')
    return authority
  }

  return {
    async start(options) {
      authority = await loadAuthority(ports, 'CN=Lakegate client certificate authority', options)
    },
    certificatePem: () => `${loaded().certificate.toString('pem')}\n`,
    async certificateFor(roleName) {
      const known = await issued.get(roleName)
      if (known !== undefined && known.expiresAt.getTime() - clock().getTime() > RENEW_BEFORE_MS) return known
      if (issued.size >= REMEMBERED) issued.clear()
      const made = issue(loaded(), roleName, clock())
      issued.set(roleName, made)
      made.catch(() => issued.delete(roleName))
      return made
    },
  }
}

async function issue(authority: Authority, roleName: string, now: Date): Promise<Issued> {
  const expiresAt = new Date(now.getTime() + LIFETIME_MS)
  const leaf = await issueLeaf(authority, {
    // As an ASN.1 value, never as text: a comma in a role's name must not start another attribute.
    subject: new x509.Name([{ CN: [{ utf8String: roleName }] }]),
    ...{ now, notAfter: expiresAt },
    use: x509.ExtendedKeyUsage.clientAuth,
    names: [],
  })
  return { certificateChainPem: leaf.certificatePem, privateKeyPem: leaf.privateKeyPem, expiresAt }
}

/** The certificates of the gateway and of HTTP, and the authority that issues them. */
import type { Redacted } from '../../domain/redacted.ts'

/** TLS certificates of servers, by the host name or address that clients connect to. */
export interface ServerCertificates {
  /** Valid for exactly these hosts; issued on demand by Lakegate's own authority, or the operator's files. */
  certificateFor(host: string, ...further: readonly string[]): Promise<ServerCertificate>
}

export interface ServerCertificate {
  /** Leaf first, then its chain. */
  readonly certificateChainPem: string
  readonly privateKeyPem: Redacted<string>
}

export interface CertificateAuthorityStore {
  loadCertificateAuthority(): Promise<StoredCertificateAuthority | undefined>
  /** When two starts race, keeps the first authority; returns the one that is stored. */
  insertCertificateAuthority(authority: StoredCertificateAuthority): Promise<StoredCertificateAuthority>
}

export interface StoredCertificateAuthority {
  readonly certificatePem: string
  readonly encryptedPrivateKey: Uint8Array
  readonly createdAt: Date
}

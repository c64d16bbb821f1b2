/**
 * Lakegate's own certificate authority: created at the first start and stored in the system database with its key
 * encrypted, so that every gateway issues under the same authority and `sslmode=verify-full` works from the beginning.
 * Keys are ECDSA P-256: every TLS 1.2 client supports it, and SCRAM channel binding has a hash for it, unlike for
 * Ed25519 (attack 34).
 */
import { webcrypto } from 'node:crypto'
import { isIP } from 'node:net'
// @peculiar/x509 uses decorators, which need this polyfill to be imported first.
import 'reflect-metadata'
import * as x509 from '@peculiar/x509'
import { Fault } from '../domain/fault.ts'
import { Redacted } from '../domain/redacted.ts'
import type {
  CertificateAuthorityStore,
  ServerCertificate,
  ServerCertificates,
  StoredCertificateAuthority,
} from '../operations/ports/certificates.ts'
import type { Clock } from '../operations/ports/clock.ts'
import type { KeyEncryption } from '../operations/ports/keys.ts'

export interface CertificateAuthority extends ServerCertificates {
  /**
   * Loads the authority; creates it when there is none.
   * @throws Fault certificate_authority_lost when none may be created, master_key_does_not_fit
   */
  start(options?: MakingOfAuthority): Promise<void>
  /** The certificate that clients put into `sslrootcert`. */
  certificatePem(): string
}

export interface MakingOfAuthority {
  /** Asked when there is no authority; by default one is created. */
  readonly mayMake: () => Promise<boolean>
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const DAY_MS = 24 * 60 * 60 * 1000
const AUTHORITY_DAYS = 3650
/** The longest server certificate lifetime that browsers and Apple's TLS accept. */
const LEAF_DAYS = 397
/** A leaf certificate is replaced when less than this is left of its lifetime. */
const RENEW_BEFORE_DAYS = 30
/** Clients whose clock is a little slow must accept a certificate that was just issued. */
const BACKDATE_MS = 60 * 60 * 1000

export interface Authority {
  readonly certificate: x509.X509Certificate
  readonly privateKey: webcrypto.CryptoKey
}

/** Every login needs a certificate; with `renewAt` it need not be parsed again. */
interface IssuedLeaf {
  readonly certificate: ServerCertificate
  readonly renewAt: Date
}

export interface AuthorityPorts {
  readonly store: CertificateAuthorityStore
  readonly encryption: Pick<KeyEncryption, 'encrypt' | 'decrypt'>
  readonly clock: Clock
}

export function createCertificateAuthority(ports: AuthorityPorts): CertificateAuthority {
  const { clock } = ports
  let authority: Authority | undefined
  const leaves = new Map<string, Promise<IssuedLeaf>>()

  const loaded = (): Authority => {
    if (authority === undefined) throw new Error('the certificate authority was not started')
    return authority
  }

  return {
    async start(options) {
      authority = await loadAuthority(ports, 'CN=Lakegate certificate authority', options)
    },
    certificatePem: () => `${loaded().certificate.toString('pem')}\n`,
    async certificateFor(...hosts) {
      const key = hosts.join(' ')
      const known = leaves.get(key)
      if (known !== undefined) {
        const { certificate, renewAt } = await known
        if (clock() < renewAt) return certificate
      }
      const made = issueServerLeaf(loaded(), hosts, clock())
      leaves.set(key, made)
      made.catch(() => leaves.delete(key))
      return (await made).certificate
    },
  }
}

/**
 * Loads an authority; creates it when there is none.
 * @throws Fault certificate_authority_lost, master_key_does_not_fit
 */
export async function loadAuthority(
  { store, encryption, clock }: AuthorityPorts,
  name: string,
  options?: MakingOfAuthority,
): Promise<Authority> {
  let stored = await store.loadCertificateAuthority()
  if (stored === undefined) {
    // With a new authority, clients that trust the lost one would suddenly trust none of our certificates.
    if (options !== undefined && !(await options.mayMake())) throw authorityLost(name)
    stored = await store.insertCertificateAuthority(await makeAuthority(name, encryption, clock()))
  }
  return {
    certificate: new x509.X509Certificate(stored.certificatePem),
    privateKey: await webcrypto.subtle.importKey(
      'pkcs8',
      encryption.decrypt(stored.encryptedPrivateKey),
      ALGORITHM,
      false,
      ['sign'],
    ),
  }
}

const authorityLost = (name: string): Fault =>
  new Fault({
    code: 'certificate_authority_lost',
    origin: 'configuration',
    message: `The system database holds an installation, but no longer its certificate authority (${name}).`,
    nextStep: 'Restore the system database from its backup as a whole (docs/operating.md).',
  })

async function makeAuthority(
  name: string,
  encryption: Pick<KeyEncryption, 'encrypt' | 'decrypt'>,
  now: Date,
): Promise<StoredCertificateAuthority> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: randomSerialNumber(),
    name,
    notBefore: new Date(now.getTime() - BACKDATE_MS),
    notAfter: new Date(now.getTime() + AUTHORITY_DAYS * DAY_MS),
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      // RFC 5280 §4.2.1.9: may sign leaf certificates, but no further authorities.
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  const privateKey = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)
  return {
    certificatePem: `${certificate.toString('pem')}\n`,
    encryptedPrivateKey: encryption.encrypt(new Uint8Array(privateKey)),
    createdAt: now,
  }
}

async function issueServerLeaf(
  authority: Authority,
  hosts: readonly string[],
  now: Date,
): Promise<IssuedLeaf> {
  const notAfter = new Date(now.getTime() + LEAF_DAYS * DAY_MS)
  const leaf = await issueLeaf(authority, {
    subject: 'CN=Lakegate gateway',
    ...{ now, notAfter },
    use: x509.ExtendedKeyUsage.serverAuth,
    // RFC 6125 §6.4: clients compare the host with these, never with the common name.
    names: [new x509.SubjectAlternativeNameExtension(namesOf(hosts))],
  })
  return {
    certificate: {
      certificateChainPem: `${leaf.certificatePem}${authority.certificate.toString('pem')}\n`,
      privateKeyPem: leaf.privateKeyPem,
    },
    renewAt: new Date(notAfter.getTime() - RENEW_BEFORE_DAYS * DAY_MS),
  }
}

/** Issues a leaf certificate with a new key; it cannot sign other certificates. */
export async function issueLeaf(
  authority: Authority,
  leaf: {
    readonly subject: x509.X509CertificateCreateParamsName
    readonly now: Date
    readonly notAfter: Date
    readonly use: x509.ExtendedKeyUsage
    readonly names: readonly x509.SubjectAlternativeNameExtension[]
  },
): Promise<{ readonly certificatePem: string; readonly privateKeyPem: Redacted<string> }> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: randomSerialNumber(),
    subject: leaf.subject,
    issuer: authority.certificate.subject,
    notBefore: new Date(leaf.now.getTime() - BACKDATE_MS),
    notAfter: leaf.notAfter,
    publicKey: keys.publicKey,
    signingKey: authority.privateKey,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([leaf.use]),
      ...leaf.names,
      await x509.AuthorityKeyIdentifierExtension.create(authority.certificate),
    ],
  })
  return {
    certificatePem: `${certificate.toString('pem')}\n`,
    privateKeyPem: await privateKeyPem(keys.privateKey),
  }
}

async function privateKeyPem(key: webcrypto.CryptoKey): Promise<Redacted<string>> {
  const bytes = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key))
  return new Redacted(
    `-----BEGIN PRIVATE KEY-----\n${bytes.toString('base64').replace(/(.{64})/g, '$1\n')}\n-----END PRIVATE KEY-----\n`,
  )
}

/**
 * Hosts as written in connection strings and URLs. Drivers that wrap a socket in Node's TLS without passing the host
 * (postgres.js) check a loopback certificate against `localhost`; only this machine can answer there.
 */
function namesOf(hosts: readonly string[]): { type: 'dns' | 'ip'; value: string }[] {
  const names = new Set(hosts.flatMap((host) => (host.startsWith('127.') ? [host, 'localhost'] : [host])))
  return [...names].map((value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value }))
}

/** RFC 5280 §4.1.2.2: positive, at most 20 bytes; random, so that it does not reveal how many were issued. */
function randomSerialNumber(): string {
  const bytes = webcrypto.getRandomValues(new Uint8Array(16))
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40
  return Buffer.from(bytes).toString('hex')
}
